#include "cli/new_data_folder.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "cli/data_folder.hpp"
#include "cli/settings.hpp"
#include "storage/new_file.hpp"

namespace countersign::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWorkshop = ".init";

tl::unexpected<Error> failed_on(const fs::path& path, const std::string& why) {
  return fail(ErrorCode::storage_unavailable, path.string() + ": " + why);
}

Result<std::vector<fs::path>> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    entries.push_back(entry->path());
  }
  if (error) return failed_on(folder, error.message());
  return entries;
}

Status check_empty(const fs::path& folder) {
  const auto entries = TRY(entries_of(folder));
  bool is_left_behind = false;
  for (const fs::path& entry : entries) is_left_behind |= entry.filename() == kWorkshop;
  if (entries.empty() || (is_left_behind && entries.size() == 1)) return ok();
  if (!is_left_behind)
    return fail(ErrorCode::conflict,
                folder.string() + " is there already and is not empty; another place is named with --data DIR");
  return fail(ErrorCode::conflict, folder.string() +
                                       " holds what an `init` left there that was stopped: remove everything in it, "
                                       "then run it again");
}

// An empty folder of ours may be more open; nobody has put anything there yet.
Status make_private(const fs::path& folder) {
  struct stat facts {};
  if (::lstat(folder.c_str(), &facts) != 0) return failed_on(folder, std::strerror(errno));
  if (S_ISDIR(facts.st_mode) && facts.st_uid == ::geteuid() && ::chmod(folder.c_str(), 0700) != 0) {
    return failed_on(folder, std::strerror(errno));
  }
  return auth::secrets::check_private_folder(folder);
}

Status move_into(const fs::path& folder, const fs::path& part) {
  std::error_code error;
  fs::rename(part, folder / part.filename(), error);
  return error ? Status(failed_on(folder / part.filename(), error.message())) : ok();
}

}  // namespace

NewDataFolder::NewDataFolder(fs::path folder, bool made, auth::secrets::FileLock lock)
    : folder_(std::move(folder)), workshop_(folder_ / kWorkshop), made_(made), lock_(std::move(lock)) {}

NewDataFolder::NewDataFolder(NewDataFolder&& other) noexcept
    : folder_(std::move(other.folder_)),
      workshop_(std::exchange(other.workshop_, {})),
      moved_(std::move(other.moved_)),
      made_(other.made_),
      lock_(std::move(other.lock_)) {}

NewDataFolder::~NewDataFolder() {
  if (!workshop_.empty()) clear();
}

// Nothing that somebody else may have put there.
void NewDataFolder::clear() {
  std::error_code error;
  for (const fs::path& part : moved_) fs::remove_all(part, error);
  fs::remove_all(workshop_, error);
  if (made_) fs::remove(folder_, error);
}

Result<NewDataFolder> NewDataFolder::begin(const fs::path& given) {
  const fs::path folder = given.has_filename() ? given : given.parent_path();
  std::error_code error;
  fs::create_directories(folder.parent_path(), error);
  if (error) return failed_on(folder.parent_path(), error.message());
  const bool made = ::mkdir(folder.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return failed_on(folder, std::strerror(errno));
  if (!made) TRY(check_empty(folder));
  TRY(make_private(folder));
  auto lock = auth::secrets::FileLock::seize(folder);
  if (!lock && lock.error().code == ErrorCode::busy) {
    return fail(ErrorCode::busy, "another `init` works on " + folder.string());
  }
  if (!lock) return tl::unexpected<Error>(lock.error());
  TRY(check_empty(folder));  // another run may have filled it by now
  NewDataFolder out(folder, made, *std::move(lock));
  fs::remove_all(out.workshop_, error);
  TRY(auth::secrets::make_private_folder(out.workshop_));
  return out;
}

Status NewDataFolder::finish() {
  const fs::path settings = workshop_ / kSettingsFile;
  for (const fs::path& part : TRY(entries_of(workshop_))) {
    if (part == settings) continue;
    moved_.push_back(folder_ / part.filename());
    TRY(move_into(folder_, part));
  }
  TRY(storage::sync_folder(folder_));
  TRY(move_into(folder_, settings));
  std::error_code error;
  fs::remove(workshop_, error);
  workshop_.clear();
  return storage::sync_folder(folder_);
}

}  // namespace countersign::cli
