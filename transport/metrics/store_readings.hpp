// How the store stands at the moment, as far as metrics tell it.
#pragma once

#include <cstdint>
#include <optional>

#include "auth/base/bounded_work.hpp"
#include "auth/records/verified_records.hpp"
#include "auth/upkeep/health.hpp"

namespace countersign::auth {
class Authenticator;
}

namespace countersign::transport::metrics {

struct StoreReadings {
  bool ready = false;
  auth::upkeep::Health health;
  std::optional<std::int64_t> sessions_open;  // nothing until all of them were looked at
  auth::WorkCounts hasher;
  auth::records::VerifiedRecords::Counts cache;
};

// Costs what /readyz costs, however large the store is. Any thread.
StoreReadings read_store(auth::Authenticator& authenticator);

}  // namespace countersign::transport::metrics
