// Room on the disk that is given back when it is full, so that what takes rights away can still be written.
//
// A file of 4 MiB, really allocated. Whoever must write and cannot removes it and tries again; it is made anew once
// there is room for it several times over.
#pragma once

#include <cstddef>
#include <filesystem>

#include "storage/base/result.hpp"

namespace countersign::storage {

inline constexpr std::size_t kBallastBytes = 4u << 20;

// Any thread; several processes may share the file.
class Ballast {
 public:
  // An empty path: there is none, and nothing is ever given back.
  explicit Ballast(std::filesystem::path path) : path_(std::move(path)) {}

  // True where there was one and it is gone now.
  bool release();
  // Makes it where it is absent and the disk has room for it eight times over. storage_unavailable; a disk too full for
  // it is no failure.
  Status refill();
  bool is_there() const;

 private:
  const std::filesystem::path path_;
};

}  // namespace countersign::storage
