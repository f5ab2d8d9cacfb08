// What a load has measured, for people and for programs.
#pragma once

#include <string>

#include "tests/bench/load/load.hpp"

namespace countersign::bench {

// Lines of at most 80 columns.
std::string report_text(const LoadSettings& settings, const LoadResult& result);
// One line. Times are in milliseconds, memory in KiB.
std::string report_json(const LoadResult& result);

}  // namespace countersign::bench
