// A small disk of its own for a folder, which can be full for a while.
#pragma once

#include <filesystem>

namespace countersign::test {

// One thread at a time.
class Disk {
 public:
  // Mounts it over the folder, with what is in there. Root may; where it may not be, the folder stays as it is.
  explicit Disk(std::filesystem::path folder);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  bool mounted() const { return mounted_; }
  // From now on nothing more can be written: the disk is as small as what is on it. False where it cannot be done.
  bool fill();
  void free();

 private:
  bool resize(std::uint64_t bytes) const;

  const std::filesystem::path folder_;
  bool mounted_ = false;
};

}  // namespace countersign::test
