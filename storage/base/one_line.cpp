#include "storage/base/one_line.hpp"

namespace countersign {

std::string on_one_line(std::string_view text) {
  constexpr std::string_view kGoesOn = "\n  ";
  std::string out;
  for (auto end = text.find(kGoesOn); end != std::string_view::npos; end = text.find(kGoesOn)) {
    out += text.substr(0, end);
    if (!out.ends_with(':') && !out.ends_with(';')) out += ';';
    out += ' ';
    text.remove_prefix(end + kGoesOn.size());
  }
  return out + std::string(text);
}

}  // namespace countersign
