#include "storage/new_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "storage/base/text.hpp"
#include "storage/random_hex.hpp"
#include "storage/write_all.hpp"

namespace countersign::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinished = ".new-";
constexpr std::size_t kRandomBytes = 8;

tl::unexpected<Error> failed_on(const fs::path& path) {
  return fail(ErrorCode::storage_unavailable, path.string() + ": " + std::strerror(errno));
}

// Whoever named the path can name another one; all else is the disk's fault.
tl::unexpected<Error> refused_at(const fs::path& path) {
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
      return fail(ErrorCode::file_refused, path.string() + ": " + std::strerror(errno));
    default:
      return failed_on(path);
  }
}

std::string_view kind_in_words(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "a folder";
    case S_IFLNK:
      return "a link";
    case S_IFIFO:
      return "a pipe";
    case S_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

// A rename would put the file in the place of whatever is there.
Status check_place(const fs::path& path) {
  if (path.filename().empty()) return fail(ErrorCode::file_refused, "'" + path.string() + "' names no file");
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return errno == ENOENT ? ok() : Status(refused_at(path));
  if (S_ISREG(facts.st_mode)) return ok();
  return fail(ErrorCode::file_refused,
              path.string() + " is " + std::string(kind_in_words(facts.st_mode)) + ", not a file");
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// The lock that a writer holds ends with it, however it ends.
void remove_if_abandoned(const fs::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat facts {};
  if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) return;
  if (!S_ISREG(facts.st_mode) || facts.st_uid != ::geteuid()) return;
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
}

// Best effort: one that stays takes up room and does no harm.
void sweep_beside(const fs::path& path) {
  std::error_code error;
  for (fs::directory_iterator entry(folder_of(path), error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name_of_unfinished(name) == path.filename().string()) remove_if_abandoned(entry->path());
  }
}

Result<fs::path> random_name_beside(const fs::path& path) {
  return fs::path(path.string() + std::string(kUnfinished) + TRY(random_hex(2 * kRandomBytes)));
}

}  // namespace

std::optional<std::string_view> name_of_unfinished(std::string_view name) {
  constexpr std::size_t kAfter = kUnfinished.size() + 2 * kRandomBytes;
  if (name.size() <= kAfter) return std::nullopt;
  const std::string_view after = name.substr(name.size() - kAfter);
  if (!after.starts_with(kUnfinished) || !is_lower_hex(after.substr(kUnfinished.size()), 2 * kRandomBytes)) {
    return std::nullopt;
  }
  return name.substr(0, name.size() - kAfter);
}

Result<NewFile> NewFile::begin(const fs::path& path) {
  TRY(check_place(path));
  sweep_beside(path);
  while (true) {
    fs::path temporary = TRY(random_name_beside(path));
    FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return refused_at(path);
    NewFile made(path, std::move(temporary), std::move(file));
    if (::fchmod(made.file_.get(), 0600) != 0) return failed_on(path);  // a umask may have taken from it
    // Another run may have found it before it was locked, and removes it. A medium without locks keeps what is left.
    if (::flock(made.file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) continue;
    struct stat facts {};
    if (::fstat(made.file_.get(), &facts) != 0) return failed_on(path);
    if (facts.st_nlink > 0) return made;
  }
}

NewFile::~NewFile() {
  if (file_.get() >= 0 && !temporary_.empty()) ::unlink(temporary_.c_str());
}

Status NewFile::add(ByteView bytes) {
  return write_all(file_.get(), bytes) ? ok() : failed_on(path_);
}

Status NewFile::finish() {
  if (::fsync(file_.get()) != 0) return failed_on(path_);
  TRY(check_place(path_));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return refused_at(path_);
  temporary_.clear();
  return sync_folder(folder_of(path_));
}

Status sync_folder(const fs::path& path) {
  const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.get() >= 0 && ::fsync(folder.get()) == 0 ? ok() : failed_on(path);
}

}  // namespace countersign::storage
