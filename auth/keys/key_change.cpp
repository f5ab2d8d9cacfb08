#include "auth/keys/key_change.hpp"

#include "auth/keys/metadata.hpp"
#include "auth/proving/next_key.hpp"

namespace countersign::auth::keys {

Status stage_key_change(const Context& context, storage::Batch& batch, records::Account& changed,
                        const openpgp::Enrollable& checked, const std::string& reason, const Moment& moment) {
  const Fingerprint next = checked.certificate.fingerprint();
  TRY(proving::judge_next_key(context, &changed, next));
  note_former_key(changed, {changed.fingerprint, changed.key_since, moment.wall, reason});
  changed.fingerprint = next;
  changed.key_since = moment.wall;
  changed.encryption_algorithm = checked.encryption_key.algorithm;
  context.accounts.stage_key(batch, changed, checked.certificate);
  TRY(stage_metadata(context, batch, changed, checked, moment));
  changed.managed = false;
  context.accounts.stage_no_part(batch, changed, records::AccountPart::escrowed_key);
  return ok();
}

}  // namespace countersign::auth::keys
