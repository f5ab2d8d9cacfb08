// What an administrator says of the clock.
#pragma once

#include "auth/context.hpp"

namespace countersign::auth::upkeep {

// The clock is right: the latest time seen becomes the clock's. storage_unavailable.
Status accept_clock(const Context& context, const Visit& visit);

}  // namespace countersign::auth::upkeep
