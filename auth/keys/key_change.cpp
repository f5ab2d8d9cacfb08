#include "auth/keys/key_change.hpp"

#include "auth/accounts/metadata.hpp"

namespace countersign::auth {

Status stage_key_change(const Context& context, storage::Batch& batch, Account& changed,
                        const openpgp::Enrollable& checked, const std::string& reason, const Moment& moment) {
  const openpgp::Fingerprint next = checked.certificate.fingerprint();
  if (context.identity.has_key(next)) {
    return fail(ErrorCode::key_taken, "the key " + next.upper() + " is the server's own");
  }
  if (next == changed.fingerprint) {
    return fail(ErrorCode::key_taken, "the account has the key " + next.upper() + " already");
  }
  const std::string holder = TRY(context.accounts.holder_of(next));
  if (!holder.empty()) {
    return fail(ErrorCode::key_taken, holder == changed.id ? "the key " + next.upper() + " was this account's before"
                                                           : "the key " + next.upper() + " belongs to another account");
  }
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
