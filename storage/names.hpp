// What a name on a medium looks like.
//
// A name is one or more parts of [a-z0-9._-] joined by '/', at most 200 bytes; no part is "." or "..", none is empty.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "storage/base/result.hpp"

namespace countersign::storage {

inline constexpr std::size_t kNameBytesMax = 200;

// malformed_name.
Status check_name(std::string_view name);
// The names that may not exist beside this one, outermost first: of "a/b/c", "a" and "a/b".
std::vector<std::string_view> folders_of(std::string_view name);

}  // namespace countersign::storage
