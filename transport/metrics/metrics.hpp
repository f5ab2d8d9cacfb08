// What is told to Prometheus: every family of metrics, in one place (docs/operating/metrics.md).
#pragma once

#include <string>

#include "transport/http/connections.hpp"
#include "transport/metrics/operation_counts.hpp"
#include "transport/metrics/refusal_counts.hpp"
#include "transport/metrics/store_readings.hpp"

namespace countersign::transport::metrics {

// Read at one moment, but for the counts, which go on.
struct Readings {
  const OperationCounts& operations;
  const RefusalCounts& refusals;
  StoreReadings store;
  http::ConnectionCounts connections;
  std::uint64_t log_lines_dropped = 0;
};

// The exposition. Pure. A metric whose value is not known is left out, or has no sample; the others are there from the
// start, at zero, so that their first change is seen as one.
std::string expose(const Readings& readings);

}  // namespace countersign::transport::metrics
