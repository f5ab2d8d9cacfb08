// JSON in formats that are not ours.
#pragma once

#include <string_view>

#include "storage/base/json.hpp"

namespace countersign {

// As strict as parse_json, but that a number which it refuses, as others write times, stands as null. Written again it
// is not the same bytes, and so it is nothing to make a MAC over. malformed_json, with the reason.
Result<Json> parse_foreign_json(std::string_view text);

}  // namespace countersign
