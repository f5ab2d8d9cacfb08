#include "auth/keys/refresh.hpp"

#include "auth/keys/metadata.hpp"
#include "auth/openpgp/enrollable.hpp"

namespace countersign::auth::keys {
namespace {

Result<Refreshed> judge_and_commit(const Context& context, const std::string& account,
                                   const openpgp::gate::GatedCertificate& copy, const Visit& visit,
                                   const Moment& moment) {
  const auto stored = TRY(context.accounts.find(account));
  if (!stored) return fail(ErrorCode::not_found, "no such account");
  TRY(judge_account(stored->account, stored->account.epoch));
  if (copy.fingerprint() != stored->account.fingerprint) {
    return fail(ErrorCode::key_taken, "the key " + copy.fingerprint().upper() + " is not the account's");
  }
  const auto former = TRY(context.accounts.certificate_of(*stored));
  const auto both = TRY(openpgp::gate::merge_certificates(former, copy));
  if (both.packets() == former.packets()) return Refreshed{stored->account, false};
  const auto checked = TRY(openpgp::check_enrollable(context.engine, both.armored(),
                                                     openpgp::gate::kCertificateLocalReadBytesMax, moment.wall));
  storage::Batch batch;
  records::Account changed = stored->account;
  ++changed.epoch;
  changed.encryption_algorithm = checked.encryption_key.algorithm;
  context.accounts.stage_part(batch, changed, records::AccountPart::certificate, as_bytes(both.armored()));
  TRY(stage_metadata(context, batch, changed, checked, moment));
  context.accounts.stage_change(batch, *stored, changed);
  TRY(context.audit.commit(batch, {records::Decision::certificate_refreshed, moment.wall, changed.id,
                                   changed.fingerprint.upper(), "", visit.source, ""}));
  return Refreshed{std::move(changed), true};
}

}  // namespace

Result<Refreshed> refresh_certificate(const Context& context, const std::string& account,
                                      const openpgp::gate::GatedCertificate& copy, const Visit& visit) {
  const Moment moment = context.timekeeper.now();
  return until_settled([&] { return judge_and_commit(context, account, copy, visit, moment); });
}

}  // namespace countersign::auth::keys
