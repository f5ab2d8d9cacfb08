#include "transport/metrics/exposition.hpp"

#include <fmt/format.h>

#include "storage/base/enum_names.hpp"

namespace countersign::transport::metrics {
namespace {

constexpr EnumNames<MetricType::counter, MetricType::histogram> kTypes("counter", "gauge", "histogram");

// Of a label's value a backslash, a quotation mark and an end of line are escaped; of a help text there are none.
std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void Exposition::begin(std::string_view name, MetricType type, std::string_view help) {
  family_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, kTypes.of(type));
}

void Exposition::add(std::string_view part, MetricLabels labels, double value) {
  text_.append(family_).append(part);
  char before = '{';
  for (const auto& [name, text] : labels) {
    text_ += before;
    text_.append(name).append("=\"").append(escaped(text)).append("\"");
    before = ',';
  }
  if (labels.size() != 0) text_ += '}';
  text_.append(" ").append(number_text(value)).append("\n");
}

std::string number_text(double value) {
  return fmt::format("{}", value);
}

}  // namespace countersign::transport::metrics
