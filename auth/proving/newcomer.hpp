// Who may come without an account: what registration allows, and the invite that is shown.
#pragma once

#include <string_view>

#include "auth/context.hpp"
#include "auth/records/invite.hpp"

namespace countersign::auth::proving {

// Pure, and asked before anything else, so that every name is told the same: may somebody come this way, with or
// without an invite? Whoever sits at the machine always may. registration_closed.
Status judge_registration(Registration registration, Arrival arrival, bool shows_invite);

// The invite of this secret, where it lets somebody of this username in now. invite_unknown, invite_spent,
// invite_cancelled, invite_expired, invite_for_another; as find_record().
Result<records::StoredInvite> find_good_invite(const Context& context, const Secret& secret, std::string_view username,
                                               const Moment& moment);

}  // namespace countersign::auth::proving
