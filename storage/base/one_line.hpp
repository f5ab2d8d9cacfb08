// Words for a log, where a line is an event.
#pragma once

#include <string>
#include <string_view>

namespace countersign {

// A reason of several lines, which go on indented as the command line shows them, on one line: "; " stands between
// them. Other line ends stay, for escape_for_display().
std::string on_one_line(std::string_view text);

}  // namespace countersign
