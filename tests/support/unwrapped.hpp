// What a command said, as it was before it was broken into lines for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace countersign::test {

// A line that goes on further in is joined to the one before it.
inline std::string unwrapped(std::string_view said) {
  std::string out;
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (said[i] != '\n' || said.substr(i + 1, 2) != "  ") {
      out += said[i];
      continue;
    }
    i = said.find_first_not_of(' ', i + 1);
    if (i == std::string_view::npos) break;
    out += ' ';
    out += said[i];
  }
  return out;
}

}  // namespace countersign::test
