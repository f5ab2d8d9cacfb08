#include "tests/bench/load/report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace countersign::bench {
namespace {

// The smallest time that this share of all is not above (nearest rank).
double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[rank == 0 ? 0 : rank - 1];
}

double rate_of(std::size_t count, const LoadResult& result) {
  return static_cast<double>(count) / result.seconds;
}

// Of the server, an operation.
double processor_ms(const LoadResult& result) {
  return (result.after->processor_ms - result.before->processor_ms) / static_cast<double>(result.operations());
}

double grown_bytes(const LoadResult& result) {
  return static_cast<double>(result.after->rss_kib - result.before->rss_kib) * 1024 /
         static_cast<double>(result.operations());
}

}  // namespace

std::string report_text(const LoadSettings& settings, const LoadResult& result) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{}: {} connections, {:.1f} s after {:.1f} s of warm-up\n", settings.url, settings.connections,
                 result.seconds, settings.warm_up.count());
  fmt::format_to(out, "{:<10}{:>9}{:>11}{:>11}{:>11}{:>11}{:>11}\n", "", "count", "per s", "p50 ms", "p90 ms", "p99 ms",
                 "max ms");
  for (const auto& [kind, times] : result.milliseconds) {
    fmt::format_to(out, "{:<10}{:>9}{:>11.1f}{:>11.3f}{:>11.3f}{:>11.3f}{:>11.3f}\n", name_of(kind), times.size(),
                   rate_of(times.size(), result), percentile(times, 0.5), percentile(times, 0.9),
                   percentile(times, 0.99), times.back());
  }
  if (settings.rate) {
    fmt::format_to(out, "Times count from when an operation was due, {:.1f} a second.\n", *settings.rate);
  } else {
    text += "Closed loop: a client waits for its answer, so a stall delays one time of each.\n";
  }
  if (result.after) {
    fmt::format_to(out, "server: {:.3f} ms of processor time an operation\n", processor_ms(result));
    fmt::format_to(out, "server: RSS {} KiB, PSS {} KiB; RSS grew by {:.0f} bytes an operation\n",
                   result.after->rss_kib, result.after->pss_kib, grown_bytes(result));
  }
  return text;
}

std::string report_json(const LoadResult& result) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, R"({{"operations":{},"seconds":{:.3f},"per_second":{:.3f},"kinds":{{)", result.operations(),
                 result.seconds, rate_of(result.operations(), result));
  const char* comma = "";
  for (const auto& [kind, times] : result.milliseconds) {
    fmt::format_to(out, R"({}"{}":{{"count":{},"p50":{:.4f},"p90":{:.4f},"p99":{:.4f},"max":{:.4f}}})", comma,
                   name_of(kind), times.size(), percentile(times, 0.5), percentile(times, 0.9), percentile(times, 0.99),
                   times.back());
    comma = ",";
  }
  text += "}";
  if (result.after) {
    fmt::format_to(out, R"(,"processor_ms":{:.5f},"rss_kib":{},"pss_kib":{},"grown_bytes":{:.1f})",
                   processor_ms(result), result.after->rss_kib, result.after->pss_kib, grown_bytes(result));
  }
  return text + "}\n";
}

}  // namespace countersign::bench
