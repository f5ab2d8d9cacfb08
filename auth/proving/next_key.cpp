#include "auth/proving/next_key.hpp"

#include "auth/records/id_prefixes.hpp"

namespace countersign::auth::proving {

Status judge_next_key(const Context& context, const records::Account* account, const Fingerprint& next) {
  const auto taken = [&](const std::string& whose) {
    return fail(ErrorCode::key_taken, "the key " + next.upper() + " " + whose);
  };
  // The server signs every challenge's statement itself, so its own key as somebody's would answer for them.
  if (context.identity.has_key(next)) return taken("is the server's own");
  if (account != nullptr && next == account->fingerprint) {
    return taken("is the account's already; `countersign account add` takes a newer copy of its certificate");
  }
  const std::string holder = TRY(context.accounts.holder_of(next));
  if (holder.empty()) return ok();
  if (account != nullptr && holder == account->id) return taken("was this account's before");
  return taken("belongs, or belonged, to the account " + holder.substr(0, records::kPrefixDigitsMin));
}

}  // namespace countersign::auth::proving
