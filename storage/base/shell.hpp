// Words of a command line that somebody is to copy into a shell.
#pragma once

#include <string>
#include <string_view>

namespace countersign {

// As it is where a shell takes it for one word, and no program for an option; else between single quotes.
std::string quoted_for_shell(std::string_view word);

}  // namespace countersign
