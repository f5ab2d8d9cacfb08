#include "tests/endurance/disk.hpp"

#include <sys/mount.h>
#include <sys/statvfs.h>

#include <string>
#include <utility>

namespace countersign::test {
namespace {

namespace fs = std::filesystem;

// More than an hour of logins needs. It takes no memory that is not written.
constexpr std::uint64_t kBytes = std::uint64_t{2} << 30;
constexpr int kTries = 20;

std::string size_option(std::uint64_t bytes) {
  return "size=" + std::to_string(bytes);
}

}  // namespace

Disk::Disk(fs::path folder) : folder_(std::move(folder)) {
  const fs::path aside = folder_.string() + ".aside";
  fs::copy(folder_, aside, fs::copy_options::recursive);
  const std::string options = size_option(kBytes) + ",mode=0700";
  mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  if (!mounted_) return;
  fs::copy(aside, folder_, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (entry.is_directory()) fs::permissions(entry.path(), fs::perms::owner_all);
  }
}

Disk::~Disk() {
  if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
}

bool Disk::resize(std::uint64_t bytes) const {
  return ::mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT, size_option(bytes).c_str()) == 0;
}

bool Disk::fill() {
  // What is written between the question and the answer makes the disk too small, which is refused.
  for (int tries = 0; mounted_ && tries < kTries; ++tries) {
    struct statvfs now {};
    if (statvfs(folder_.c_str(), &now) != 0) return false;
    if (resize((now.f_blocks - now.f_bfree) * now.f_frsize)) return true;
  }
  return false;
}

void Disk::free() {
  if (mounted_) resize(kBytes);
}

}  // namespace countersign::test
