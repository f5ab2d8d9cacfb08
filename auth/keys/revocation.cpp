#include "auth/keys/revocation.hpp"

#include "auth/base/log.hpp"
#include "auth/keys/key_change.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "auth/records/consumed.hpp"
#include "auth/records/standing.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::keys {
namespace {

// RFC 4880 §5.2.3.23.
std::string reason_of(const openpgp::gate::GatedRevocation& revocation) {
  switch (revocation.reason()) {
    case 1:
      return "key_superseded";
    case 2:
      return "key_compromised";
    case 3:
      return "key_retired";
    default:
      return "unspecified";
  }
}

// Its text is its owner's, and kept where it is of the form of a note.
std::string note_of(const openpgp::gate::GatedRevocation& revocation) {
  const std::string& text = revocation.text();
  return text.size() <= records::kRevocationNoteBytesMax && !has_unprintable(text) ? text : std::string();
}

}  // namespace

void Revocation::sign(records::RevocationRecord& record, Instant now) {
  auto signature = context_.engine.sign(revocation_text(record), now);
  if (signature) {
    record.signature = *std::move(signature);
    return;
  }
  // The account's state makes it effective; the signature is for readers elsewhere and can come later.
  log_event(LogLevel::alarm, "revocation not signed",
            {{"account", record.account}, {"detail", signature.error().detail}});
}

Result<records::RevocationRecord> Revocation::commit(const records::StoredAccount& stored, const Order& order,
                                                     const Moment& moment, const Stage& stage) {
  records::RevocationRecord record;
  record.account = stored.account.id;
  record.fingerprint = stored.account.fingerprint;
  record.reason = order.reason;
  record.note = order.note;
  record.revoked_at = moment.wall;
  record.by = order.by;
  sign(record, moment.wall);

  storage::Batch batch;
  records::Account changed = stored.account;
  changed.state = records::AccountState::revoked;
  context_.accounts.stage_part(batch, changed, records::AccountPart::revocation,
                               as_bytes(write_json(write_revocation(record))));
  // A secret that is to be used no more is not to be kept.
  context_.accounts.stage_no_part(batch, changed, records::AccountPart::escrowed_key);
  stage(batch, changed);
  records::AuditEntry entry = order.entry;
  entry.decision = records::Decision::account_revoked;
  entry.at = moment.wall;
  entry.account = record.account;
  entry.key = record.fingerprint.upper();
  entry.detail = record.reason + " by " + record.by + (record.note.empty() ? "" : ": " + record.note);
  TRY(withdrawals_.commit(batch, stored, changed, {records::Withdrawn::revoked, record.fingerprint, record.reason},
                          entry));
  return record;
}

Result<records::RevocationRecord> Revocation::judge_statement(const records::OpenedChallenge& opened,
                                                              const proving::Response& response, const Visit& visit,
                                                              const Moment& moment) {
  const records::Challenge& challenge = opened.challenge;
  const auto stored = TRY(context_.accounts.find(challenge.account));
  if (!stored) return fail(ErrorCode::account_unknown);
  const bool consumed = TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag)).has_value();
  // A stick that comes twice is taken once, and told the same.
  const bool again = consumed && challenge.transport == records::Transport::courier &&
                     stored->account.state == records::AccountState::revoked;
  if (!again) TRY(judge_account(stored->account, challenge.epoch));
  if (stored->account.fingerprint != challenge.key) return fail(ErrorCode::epoch_passed, "the key is another now");
  const auto certificate = TRY(context_.accounts.certificate_of(*stored));
  TRY(proof_.verify(opened, response, certificate, moment));
  if (again) {
    const auto bytes = TRY(context_.accounts.read_part(*stored, records::AccountPart::revocation));
    if (!bytes) return fail(ErrorCode::record_unreadable, "the account is revoked without a record");
    return records::parse_revocation(as_text(*bytes));
  }
  if (consumed) return fail(ErrorCode::challenge_consumed);
  Order order{challenge.extra, "", "statement", {}};
  order.entry.source = visit.source;
  return commit(*stored, order, moment,
                [&](storage::Batch& batch, records::Account&) { stage_consumed(batch, context_.seal, opened, ""); });
}

Result<records::RevocationRecord> Revocation::by_statement(const proving::Response& response, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const records::OpenedChallenge opened = TRY(proof_.open(response, records::Purpose::revoke, visit, moment));
  // A rotate challenge's text is a fingerprint; only the sealed purpose tells, but what is stored must be a reason.
  TRY(records::check_revocation_reason(opened.challenge.extra, ""));
  return until_settled([&] { return judge_statement(opened, response, visit, moment); });
}

Result<records::RevocationRecord> Revocation::judge_certificate(const std::string& account,
                                                                const openpgp::gate::GatedRevocation& revocation,
                                                                const Visit& visit, const Moment& moment) {
  const auto stored = TRY(context_.accounts.find(account));
  const Status standing =
      stored ? judge_standing(context_.medium, context_.accounts, *stored) : Status(fail(ErrorCode::account_unknown));
  if (!standing) TRY(context_.accounts.read_in_vain(account, standing.error().code, records::AccountPart::certificate));
  TRY(standing);
  const auto certificate = TRY(context_.accounts.certificate_of(*stored));
  // First, so that with another key's no engine is asked, as for an account that is not there.
  const auto merged = TRY(openpgp::gate::revoked_certificate(certificate, revocation));
  const auto before = TRY(context_.engine.inspect(certificate, moment.wall));
  // Or a revocation that proves nothing would seem to have done it.
  if (before.primary.revoked) return fail(ErrorCode::key_revoked, "the stored certificate is revoked already");
  const auto after = TRY(context_.engine.inspect(merged, moment.wall));
  if (!after.primary.revoked) return fail(ErrorCode::signature_invalid, "the revocation does not verify");
  Order order{reason_of(revocation), note_of(revocation), "certificate", {}};
  order.entry.source = visit.source;
  return commit(*stored, order, moment, [&](storage::Batch& batch, records::Account& changed) {
    context_.accounts.stage_part(batch, changed, records::AccountPart::certificate, as_bytes(merged.armored()));
  });
}

Result<records::RevocationRecord> Revocation::by_certificate(const std::string& account, const std::string& revocation,
                                                             const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const auto admitted = openpgp::gate::admit_revocation(revocation);
  if (!admitted) {
    // A proof that lacks its signature is denied; this is none yet.
    if (admitted.error().code != ErrorCode::signature_missing) return tl::unexpected<Error>(admitted.error());
    return fail(ErrorCode::malformed_message, "there is no revocation certificate");
  }
  return until_settled([&] { return judge_certificate(account, *admitted, visit, moment); });
}

Result<records::RevocationRecord> Revocation::by_password(const std::string& account,
                                                          const passwords::Password& password,
                                                          const std::string& reason, const std::string& note,
                                                          const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  TRY(records::check_revocation_reason(reason, note));
  return until_settled([&]() -> Result<records::RevocationRecord> {
    const auto proof = TRY(check_.prove(account, password));
    Order order{reason, note, "password", {}};
    order.entry.source = visit.source;
    return commit(proof.stored, order, moment, [](storage::Batch&, records::Account&) {});
  });
}

Result<records::RevocationRecord> Revocation::by_administrator(const std::string& account, const std::string& reason,
                                                               const std::string& note, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  TRY(records::check_revocation_reason(reason, note));
  return until_settled([&]() -> Result<records::RevocationRecord> {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    TRY(judge_account(stored->account, stored->account.epoch));
    Order order{reason, note, "administrator", {}};
    order.entry.source = visit.source;
    return commit(*stored, order, moment, [](storage::Batch&, records::Account&) {});
  });
}

Result<records::Account> Revocation::judge_restoring(const std::string& account, const std::string& public_key,
                                                     const Visit& visit, const Moment& moment) {
  const auto stored = TRY(context_.accounts.find(account));
  if (!stored) return fail(ErrorCode::not_found, "no such account");
  if (stored->account.state != records::AccountState::revoked) {
    return fail(ErrorCode::account_not_revoked, "the account is " + std::string(name_of(stored->account.state)));
  }
  storage::Batch batch;
  records::Account changed = stored->account;
  changed.state = records::AccountState::active;
  if (public_key.empty()) {
    const auto certificate = TRY(context_.accounts.certificate_of(*stored));
    const auto checked = openpgp::check_enrollable(context_.engine, certificate.armored(),
                                                   openpgp::gate::kCertificateReadBytesMax, moment.wall);
    if (!checked) {
      if (checked.error().code == ErrorCode::openpgp_unavailable) return tl::unexpected<Error>(checked.error());
      return fail(checked.error().code, checked.error().detail + ". The account needs another key: --public-key FILE");
    }
  } else {
    const auto checked = TRY(openpgp::check_enrollable(context_.engine, public_key,
                                                       openpgp::gate::kCertificateLocalReadBytesMax, moment.wall));
    // Why the former key ended stands in the revocation record, if that can still be read.
    const auto bytes = context_.accounts.read_part(*stored, records::AccountPart::revocation);
    const auto record = bytes && *bytes ? records::parse_revocation(as_text(**bytes)) : records::RevocationRecord();
    TRY(stage_key_change(context_, batch, changed, checked,
                         record && !record->reason.empty() ? record->reason : "unspecified", moment));
  }
  context_.accounts.stage_no_part(batch, changed, records::AccountPart::revocation);
  return withdrawals_.commit(batch, *stored, changed,
                             {records::Withdrawn::restored, changed.fingerprint, "unspecified"},
                             {records::Decision::account_restored, moment.wall, changed.id, changed.fingerprint.upper(),
                              "", visit.source, ""});
}

Result<records::Account> Revocation::restore(const std::string& account, const std::string& public_key,
                                             const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  return until_settled([&] { return judge_restoring(account, public_key, visit, moment); });
}

Status Revocation::complete(const std::string& account) {
  const auto stored = TRY(context_.accounts.find(account));
  if (!stored || stored->account.state != records::AccountState::revoked) return ok();
  const auto bytes = TRY(context_.accounts.read_part(*stored, records::AccountPart::revocation));
  if (!bytes) return ok();
  records::RevocationRecord record = TRY(records::parse_revocation(as_text(*bytes)));
  if (!record.signature.empty()) return ok();
  sign(record, context_.timekeeper.now().wall);
  if (record.signature.empty()) return ok();
  storage::Batch batch;
  records::Account changed = stored->account;
  context_.accounts.stage_part(batch, changed, records::AccountPart::revocation,
                               as_bytes(write_json(write_revocation(record))));
  context_.accounts.stage_change(batch, *stored, changed);
  return context_.medium.commit(batch);
}

}  // namespace countersign::auth::keys
