#include "auth/accounts/legacy_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "auth/base/account_id.hpp"
#include "storage/base/handle.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::accounts {
namespace {

constexpr const char* kUsers = "users";
constexpr std::size_t kIdDigits = 64;

tl::unexpected<Error> refuse(const std::string& name, const std::string& why) {
  return fail(ErrorCode::file_refused, "'" + escape_for_display(name) + "': " + why);
}

// `users/<id>.pub` without the folder.
std::string file_name(std::string_view id, records::AccountPart part) {
  return part_name(id, part).substr(std::strlen(kUsers) + 1);
}

const records::AccountPart* part_of(std::string_view name) {
  if (name.size() < kIdDigits || !check_account_id(name.substr(0, kIdDigits))) return nullptr;
  const auto found =
      std::find_if(records::kAccountParts.begin(), records::kAccountParts.end(),
                   [&](records::AccountPart part) { return file_name(name.substr(0, kIdDigits), part) == name; });
  return found == records::kAccountParts.end() ? nullptr : &*found;
}

// Empty where it is a file to be read.
std::string why_stray(const struct stat& facts) {
  if (S_ISLNK(facts.st_mode)) return "a link";
  if (!S_ISREG(facts.st_mode)) return "not a regular file";
  if (facts.st_nlink != 1) return "a file with a second name (hard link)";
  if (facts.st_size > static_cast<off_t>(kLegacyFileBytesMax)) return "over 128 KiB";
  return {};
}

}  // namespace

Result<LegacyFolder> LegacyFolder::open(const std::string& path) {
  const FileDescriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return refuse(path, std::strerror(errno));
  struct stat facts {};
  if (::fstatat(root.get(), kUsers, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
    return refuse(path, errno == ENOENT ? "there is no folder 'users' in it" : std::strerror(errno));
  }
  if (S_ISLNK(facts.st_mode)) {
    return refuse(path + "/" + kUsers, "a link, and none is followed; name the folder in which the real 'users' lies");
  }
  FileDescriptor users(::openat(root.get(), kUsers, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (users.get() < 0) return refuse(path + "/" + kUsers, std::strerror(errno));
  FileDescriptor listed(::openat(users.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, GiveBack<&closedir>> entries(::fdopendir(listed.get()));
  if (!entries) return refuse(path + "/" + kUsers, std::strerror(errno));
  static_cast<void>(listed.release());  // closedir closes it

  LegacyFolder folder(std::move(users));
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr && errno != 0) return refuse(path + "/" + kUsers, std::strerror(errno));
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") TRY(folder.look_at(name));
  }
  std::sort(folder.strays_.begin(), folder.strays_.end(),
            [](const Stray& one, const Stray& other) { return one.name < other.name; });
  return folder;
}

Status LegacyFolder::look_at(const std::string& name) {
  struct stat facts {};
  if (::fstatat(users_.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0)
    return refuse(name, std::strerror(errno));
  const records::AccountPart* const part = part_of(name);
  std::string why = part == nullptr ? "no name of an account's file" : why_stray(facts);
  if (part != nullptr) found_[name.substr(0, kIdDigits)][*part] = why.empty();
  if (!why.empty()) {
    strays_.push_back({name, std::move(why)});
    return ok();
  }
  // Before anything is taken over, rather than at the account whose turn it is.
  if (::faccessat(users_.get(), name.c_str(), R_OK, AT_EACCESS) != 0) return refuse(name, std::strerror(errno));
  return ok();
}

std::vector<std::string> LegacyFolder::accounts() const {
  std::vector<std::string> ids;
  ids.reserve(found_.size());
  for (const auto& [id, parts] : found_) ids.push_back(id);
  return ids;
}

Result<LegacyFiles> LegacyFolder::read(const std::string& id) const {
  LegacyFiles files;
  const auto found = found_.find(id);
  if (found == found_.end()) return files;
  for (const auto& [part, is_readable] : found->second) {
    files.emplace(part, is_readable ? TRY(read_file(file_name(id, part))) : Secret());
  }
  return files;
}

Result<Secret> LegacyFolder::read_file(const std::string& name) const {
  const FileDescriptor file(::openat(users_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) return refuse(name, std::strerror(errno));
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return refuse(name, std::strerror(errno));
  if (const std::string why = why_stray(facts); !why.empty()) return refuse(name, why);
  // One byte more than there is: what grows meanwhile is no file to be read.
  Bytes bytes(static_cast<std::size_t>(facts.st_size) + 1);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse(name, std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  if (done == bytes.size()) return refuse(name, "it grows while it is read");
  bytes.resize(done);
  return Secret::take(bytes);
}

}  // namespace countersign::auth::accounts
