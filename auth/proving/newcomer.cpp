#include "auth/proving/newcomer.hpp"

namespace countersign::auth::proving {

Status judge_registration(Registration registration, Arrival arrival, bool shows_invite) {
  if (!is_by_network(arrival)) return ok();
  switch (registration) {
    case Registration::closed:
      return fail(ErrorCode::registration_closed);
    case Registration::invite:
      return shows_invite ? ok() : fail(ErrorCode::registration_closed, "to whoever shows no invite");
    case Registration::open:
      return ok();
  }
  return fail(ErrorCode::registration_closed);
}

Result<records::StoredInvite> find_good_invite(const Context& context, const Secret& secret, std::string_view username,
                                               const Moment& moment) {
  const std::string id = TRY(records::invite_id_of(secret));
  auto stored = TRY(records::find_invite(context.medium, context.seal, id));
  if (!stored) return fail(ErrorCode::invite_unknown);
  const Status judged = judge_invite(stored->invite, username, context.identity.restores(), moment.judged);
  if (!judged) return fail(judged.error().code, "invite " + id + ": " + judged.error().detail);
  return *std::move(stored);
}

}  // namespace countersign::auth::proving
