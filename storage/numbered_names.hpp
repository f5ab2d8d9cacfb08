// Names of lists whose numbers begin at 1: a folder and 20 digits, so that the order of the names is that of the
// numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign::storage {

// More than a list ever has, and half of what still can be doubled.
inline constexpr std::int64_t kListedNumberMax = 1'000'000'000'000'000'000;

// `folder` ends in '/'.
std::string numbered_name(std::string_view folder, std::int64_t number);
// Nothing where the name is none that numbered_name() makes of 1 to kListedNumberMax: whoever can write the medium can
// put any name there, also one behind all numbers.
std::optional<std::int64_t> number_named_in(std::string_view folder, std::string_view name);

}  // namespace countersign::storage
