// Random numbers of the kernel's, as names and marks are written.
#pragma once

#include <cstddef>
#include <string>

#include "storage/base/result.hpp"

namespace countersign::storage {

// An even number of digits, in lower case. storage_unavailable.
Result<std::string> random_hex(std::size_t digits);

}  // namespace countersign::storage
