// The contract suite of the media: every sentence of medium.hpp and batch.hpp, over every medium. What its parts share.
#pragma once

#include <catch2/catch.hpp>

#include "tests/support/media.hpp"

namespace countersign::test {

// Makes the test case run once over every medium.
inline MediumKind each_medium() {
  const auto kinds = all_media();
  return GENERATE_COPY(from_range(kinds));
}

inline ErrorCode failure_of(const Status& status) {
  return status ? ErrorCode::failed : status.error().code;
}

}  // namespace countersign::test
