#include "storage/ballast.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "storage/base/file_descriptor.hpp"

namespace countersign::storage {
namespace {

constexpr std::uint64_t kRoomBytes = 8 * kBallastBytes;

std::string reason() {
  return std::error_code(errno, std::generic_category()).message();
}

// A disk that does not answer has no room.
BallastState room_in(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return BallastState::no_room;
  if (std::uint64_t{disk.f_blocks} * disk.f_frsize < kRoomBytes) return BallastState::too_small;
  const bool has_room = std::uint64_t{disk.f_bavail} * disk.f_frsize >= kRoomBytes;
  return has_room ? BallastState::missing : BallastState::no_room;
}

// Written, not only reserved: a file system that compresses or shares zeros would give nothing back. The pattern comes
// from a generator of its own (xorshift), since it needs no quality but that it does not repeat.
bool fill(int file) {
  std::array<std::uint64_t, 8192> block{};
  std::uint64_t state = 0x9E3779B97F4A7C15;
  for (std::size_t written = 0; written < kBallastBytes; written += sizeof(block)) {
    for (std::uint64_t& word : block) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      word = state;
    }
    const ssize_t done = ::write(file, block.data(), sizeof(block));
    if (done >= 0 && static_cast<std::size_t>(done) != sizeof(block)) errno = ENOSPC;
    if (done != static_cast<ssize_t>(sizeof(block))) return false;
  }
  return ::fsync(file) == 0;
}

}  // namespace

bool Ballast::is_there() const {
  struct stat found {};
  return !path_.empty() && ::lstat(path_.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         found.st_size == static_cast<off_t>(kBallastBytes);
}

BallastState Ballast::state() const {
  if (path_.empty()) return BallastState::not_kept;
  return is_there() ? BallastState::there : room_in(path_.parent_path());
}

bool Ballast::release() {
  return !path_.empty() && ::unlink(path_.c_str()) == 0;
}

Status Ballast::refill() {
  if (state() != BallastState::missing) return ok();
  ::unlink(path_.c_str());  // one that was cut off when its maker ended
  const FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  // Another process makes it at this moment.
  if (file.get() < 0 && errno == EEXIST) return ok();
  if (file.get() < 0) return fail(ErrorCode::storage_unavailable, path_.string() + ": " + reason());
  if (fill(file.get())) return ok();
  const std::string why = reason();
  // A part of it would pass for the whole.
  ::unlink(path_.c_str());
  return fail(ErrorCode::storage_unavailable, path_.string() + ": " + why);
}

}  // namespace countersign::storage
