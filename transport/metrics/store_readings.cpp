#include "transport/metrics/store_readings.hpp"

#include "auth/authenticator.hpp"

namespace countersign::transport::metrics {

StoreReadings read_store(auth::Authenticator& authenticator) {
  auto ready = authenticator.ready();
  auth::Roles& roles = authenticator.roles();
  return {ready.has_value(), ready ? *std::move(ready) : authenticator.health(), roles.sweeper.open_sessions(),
          roles.hasher.counts(), roles.verified.counts()};
}

}  // namespace countersign::transport::metrics
