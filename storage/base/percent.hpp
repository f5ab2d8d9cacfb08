// Percent-encoding (RFC 3986, section 2.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace countersign {

// Every byte but ASCII letters, digits and the characters of `kept`. The percent sign is none of those.
std::string percent_encode(std::string_view text, std::string_view kept);
// The bytes that are meant, whatever they are; `plus` is what a plus sign stands for, a blank in a form. Nothing where
// a percent sign has no two hex digits behind it.
std::optional<std::string> percent_decode(std::string_view text, char plus = '+');

}  // namespace countersign
