// Which key the pepper of an account's password is from, read from the bytes of its record alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/base/bytes.hpp"

namespace countersign::auth {

// The id of that key; nothing where the name is no account record's, or there is no pepper. As record_key_named_in(),
// it says nothing of whether the record's MAC holds.
std::optional<std::string> pepper_key_named_in(std::string_view name, ByteView bytes);

}  // namespace countersign::auth
