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

enum class BallastState {
  not_kept,  // it has no path
  there,
  missing,    // and there is room for it: the next refill makes it
  no_room,    // the disk is too full for it now
  too_small,  // the disk is too small for it even when it is empty: it will never be there
};

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
  // For whoever starts a store or watches over one: without it a full disk takes no revocation.
  BallastState state() const;

 private:
  const std::filesystem::path path_;
};

}  // namespace countersign::storage
