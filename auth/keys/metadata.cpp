#include "auth/keys/metadata.hpp"

namespace countersign::auth::keys {
namespace {

// The armored message.
Result<std::string> seal_metadata(const Context& context, const records::Account& account,
                                  const openpgp::Enrollable& checked, const Moment& moment) {
  const std::string text = write_json(Json::object()
                                          .set("version", 1)
                                          .set("username", account.username)
                                          .set("account", account.id)
                                          .set("fingerprint", account.fingerprint.upper())
                                          .set("created_at", format_time(account.created_at)));
  return context.engine.seal(
      {checked.certificate, checked.encryption_key.fingerprint, text, !account.show_key_id, moment.wall});
}

}  // namespace

Status stage_metadata(const Context& context, storage::Batch& batch, records::Account& changed,
                      const openpgp::Enrollable& checked, const Moment& moment) {
  const auto metadata = seal_metadata(context, changed, checked, moment);
  if (metadata) {
    context.accounts.stage_part(batch, changed, records::AccountPart::metadata, as_bytes(*metadata));
    return ok();
  }
  if (face_of(metadata.error().code) != Face::unavailable) return tl::unexpected<Error>(metadata.error());
  // What is there speaks of the key before.
  context.accounts.stage_no_part(batch, changed, records::AccountPart::metadata);
  return ok();
}

Status complete_metadata(const Context& context, const std::string& account) {
  const auto stored = TRY(context.accounts.find(account));
  if (!stored || stored->account.state != records::AccountState::active) return ok();
  if (stored->account.parts.contains(records::AccountPart::metadata)) return ok();
  const Moment moment = context.timekeeper.now();
  const auto certificate = TRY(context.accounts.certificate_of(*stored));
  const auto checked = openpgp::check_enrollable(context.engine, certificate.armored(),
                                                 openpgp::gate::kCertificateReadBytesMax, moment.wall);
  if (!checked) return ok();  // expired meanwhile, for one: nothing is encrypted to it
  storage::Batch batch;
  records::Account changed = stored->account;
  TRY(stage_metadata(context, batch, changed, *checked, moment));
  if (!changed.parts.contains(records::AccountPart::metadata)) return ok();
  context.accounts.stage_change(batch, *stored, changed);
  return context.medium.commit(batch);
}

}  // namespace countersign::auth::keys
