#include "auth/openpgp/gnupg/run_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

namespace countersign::auth::openpgp::gnupg {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "cs-gnupg-";
constexpr const char* kLock = "lock";
constexpr std::size_t kRunPathBytesMax = 72;  // and a worker's homes beneath it

std::optional<fs::path> from_environment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr || *value != '/') return std::nullopt;
  // systemd lists several with colons.
  const std::string_view all(value);
  return fs::path(all.substr(0, all.find(':')));
}

FileDescriptor lock_in(const fs::path& folder, int flags) {
  FileDescriptor file(::open((folder / kLock).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return FileDescriptor();
  return file;
}

// A folder of ours that nobody holds any more.
bool is_left_over(const fs::path& folder) {
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::geteuid()) return false;
  if (lock_in(folder, 0).get() >= 0) return true;
  // The lock is there before anything else. A folder without it was being removed, or is about to get it.
  struct stat lock {};
  const bool unlocked = ::lstat((folder / kLock).c_str(), &lock) != 0 && errno == ENOENT;
  std::error_code error;
  return unlocked && !fs::is_empty(folder, error) && !error;
}

void sweep(const fs::path& place) {
  std::error_code error;
  std::vector<fs::path> left_over;
  for (fs::directory_iterator at(place, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.starts_with(kPrefix) && is_left_over(at->path())) left_over.push_back(at->path());
  }
  for (const fs::path& folder : left_over) remove_folder(folder);
}

}  // namespace

std::vector<fs::path> run_folder_places() {
  std::vector<fs::path> places;
  for (const char* const name : {"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"}) {
    if (const auto place = from_environment(name)) places.push_back(*place);
  }
  places.insert(places.end(), {"/dev/shm", "/tmp"});
  return places;
}

Result<RunFolder> RunFolder::make(const std::vector<fs::path>& places) {
  for (const fs::path& place : places) sweep(place);
  for (const fs::path& place : places) {
    std::string path = (place / kPrefix).string() + "XXXXXX";
    if (path.size() > kRunPathBytesMax || ::mkdtemp(path.data()) == nullptr) continue;
    FileDescriptor lock = lock_in(path, O_CREAT | O_EXCL);
    if (lock.get() >= 0) return RunFolder(path, std::move(lock));
    remove_folder(path);
  }
  return fail(ErrorCode::openpgp_unavailable,
              "no place for GnuPG's private homes: $XDG_RUNTIME_DIR, /dev/shm or /tmp has to be writable, with a path "
              "of at most 56 bytes");
}

RunFolder::~RunFolder() {
  if (lock_.get() >= 0) remove_folder(path_);
}

void remove_folder(const fs::path& folder) {
  constexpr int kTries = 50;
  for (int i = 0; i < kTries; ++i) {
    std::error_code error;
    fs::remove_all(folder, error);
    if (!error) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace countersign::auth::openpgp::gnupg
