// A page of the manual as text for scdoc. What a page shares with `--help` and with the settings file comes from what a
// command and a setting say of themselves; the rest is written by hand, in docs/man. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

// `page` is "countersign.1", "countersign-account.1" of a command or group, "countersign.toml.5", or any other name and
// section. `prose` is what DESCRIPTION begins with, and behind it sections of their own; of a page that is no command's
// its first line says what it is about. usage where the page is named after a command that there is not, and where
// nothing says what it is about.
Result<std::string> manual_page(std::string_view page, std::string_view prose, const std::vector<Command>& commands);

}  // namespace countersign::cli
