// What an error means to the person who ran the command, and what they can do about it.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/error.hpp"

namespace countersign::cli {

// A sentence without its full stop.
std::string_view meaning_of(ErrorCode code);
// What to do; empty where only the detail can say it.
std::string_view advice_on(ErrorCode code);
// Both with the detail and the code's name. Foreign text in the detail is not escaped yet: Terminal does that.
// `command` is what help is asked of: "countersign account list", or empty.
std::string text_of_error(const Error& error, std::string_view command = {});

}  // namespace countersign::cli
