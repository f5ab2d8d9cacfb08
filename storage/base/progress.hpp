#pragma once

#include <cstdint>
#include <functional>

namespace countersign {

// Called now and then while long work goes on, with how much is done of how much; a total of 0 is not known. May be
// empty.
using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

// Of work whose total is not known; to be called at each step.
inline void tell_now_and_then(const Progress& progress, std::int64_t done) {
  constexpr std::int64_t kTellEvery = 500;
  if (progress && done % kTellEvery == 0) progress(done, 0);
}

}  // namespace countersign
