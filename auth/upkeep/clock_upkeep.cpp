#include "auth/upkeep/clock_upkeep.hpp"

namespace countersign::auth::upkeep {

Status accept_clock(const Context& context, const Visit& visit) {
  TRY(context.timekeeper.accept_clock());
  const Instant now = context.timekeeper.now().wall;
  return context.audit.commit({}, {records::Decision::clock_accepted, now, "", "", "", visit.source, ""});
}

}  // namespace countersign::auth::upkeep
