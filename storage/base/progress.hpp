#pragma once

#include <cstdint>
#include <functional>

namespace countersign {

// Called now and then while long work goes on, with how much is done of how much; a total of 0 is not known. May be
// empty.
using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

}  // namespace countersign
