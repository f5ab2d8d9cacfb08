#include "auth/keys/key_change.hpp"

#include "auth/accounts/metadata.hpp"

namespace countersign::auth {

Status judge_next_key(const Context& context, const Account* account, const openpgp::Fingerprint& next) {
  const auto taken = [&](const std::string& whose) {
    return fail(ErrorCode::key_taken, "the key " + next.upper() + " " + whose);
  };
  // The server signs every challenge's statement itself, so its own key as somebody's would answer for them.
  if (context.identity.has_key(next)) return taken("is the server's own");
  if (account != nullptr && next == account->fingerprint) return taken("is the account's already");
  const std::string holder = TRY(context.accounts.holder_of(next));
  if (holder.empty()) return ok();
  if (account == nullptr) return taken("belongs to an account already");
  return taken(holder == account->id ? "was this account's before" : "belongs to another account");
}

Status stage_key_change(const Context& context, storage::Batch& batch, Account& changed,
                        const openpgp::Enrollable& checked, const std::string& reason, const Moment& moment) {
  const openpgp::Fingerprint next = checked.certificate.fingerprint();
  TRY(judge_next_key(context, &changed, next));
  note_former_key(changed, {changed.fingerprint, changed.key_since, moment.wall, reason});
  changed.fingerprint = next;
  changed.key_since = moment.wall;
  changed.encryption_algorithm = checked.encryption_key.algorithm;
  context.accounts.stage_key(batch, changed, checked.certificate);
  TRY(stage_metadata(context, batch, changed, checked, moment));
  changed.managed = false;
  context.accounts.stage_no_part(batch, changed, AccountPart::escrowed_key);
  return ok();
}

}  // namespace countersign::auth
