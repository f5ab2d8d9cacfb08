#include "transport/pages/html.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "storage/base/text.hpp"

namespace countersign::transport::pages {
namespace {

std::string escape_markup(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string escape_html(std::string_view text) {
  return escape_markup(has_unprintable(text) ? escape_for_display(text, 4096) : std::string(text));
}

Value Value::lines(std::string_view text) {
  Value value("");
  for (std::string_view line : split_lines(text)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    value.html_ += escape_html(line) + "\n";
  }
  return value;
}

Html fill(std::string_view page, std::initializer_list<std::pair<std::string_view, Value>> values) {
  Html out;
  std::set<std::string_view> used;
  while (true) {
    const std::size_t open = page.find("{{");
    out.text_ += page.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = page.find("}}", open);
    if (close == std::string_view::npos) throw std::logic_error("a template with an open placeholder");
    const std::string_view name = page.substr(open + 2, close - open - 2);
    const auto found = std::find_if(values.begin(), values.end(), [&](const auto& one) { return one.first == name; });
    if (found == values.end()) throw std::logic_error("a template without " + std::string(name));
    out.text_ += found->second.html();
    used.insert(name);
    page.remove_prefix(close + 2);
  }
  if (used.size() != values.size()) throw std::logic_error("a value that no template asks for");
  return out;
}

}  // namespace countersign::transport::pages
