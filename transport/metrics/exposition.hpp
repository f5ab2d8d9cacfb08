// The text that Prometheus reads (text exposition format 0.0.4): families of metrics, one after the other.
//
//   # HELP countersign_logins_total Logins, by what proved them.
//   # TYPE countersign_logins_total counter
//   countersign_logins_total{kind="key"} 12
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace countersign::transport::metrics {

inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricType : std::uint8_t { counter, gauge, histogram };

using MetricLabel = std::pair<std::string_view, std::string_view>;
using MetricLabels = std::initializer_list<MetricLabel>;

class Exposition {
 public:
  // Whatever follows is of this family, until the next one. `help` is a sentence.
  void begin(std::string_view name, MetricType type, std::string_view help);
  // A sample of it. Values of labels may be any UTF-8.
  void add(MetricLabels labels, double value) { add("", labels, value); }
  void add(double value) { add("", {}, value); }
  // The same of a part of a histogram: `_bucket`, `_sum`, `_count`.
  void add(std::string_view part, MetricLabels labels, double value);

  std::string take() { return std::move(text_); }

 private:
  std::string family_;
  std::string text_;
};

// The shortest text that reads back as this number.
std::string number_text(double value);

}  // namespace countersign::transport::metrics
