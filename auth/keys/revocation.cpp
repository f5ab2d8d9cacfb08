#include "auth/keys/revocation.hpp"

#include "auth/audit/log.hpp"
#include "auth/keys/key_change.hpp"
#include "auth/keys/standing.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth {
namespace {

// RFC 4880 §5.2.3.23.
std::string reason_of(const openpgp::GatedRevocation& revocation) {
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
std::string note_of(const openpgp::GatedRevocation& revocation) {
  const std::string& text = revocation.text();
  return text.size() <= kRevocationNoteBytesMax && !has_unprintable(text) ? text : std::string();
}

}  // namespace

void Revocation::sign(RevocationRecord& record, Instant now) {
  auto signature = context_.engine.sign(revocation_text(record), now);
  if (signature) {
    record.signature = *std::move(signature);
    return;
  }
  // The account's state makes it effective; the signature is for readers elsewhere and can come later.
  log_event(LogLevel::alarm, "revocation not signed",
            {{"account", record.account}, {"detail", signature.error().detail}});
}

Result<RevocationRecord> Revocation::commit(const StoredAccount& stored, const Order& order, const Moment& moment,
                                            const Stage& stage) {
  RevocationRecord record;
  record.account = stored.account.id;
  record.fingerprint = stored.account.fingerprint;
  record.reason = order.reason;
  record.note = order.note;
  record.revoked_at = moment.wall;
  record.by = order.by;
  sign(record, moment.wall);

  storage::Batch batch;
  Account changed = stored.account;
  changed.state = AccountState::revoked;
  context_.accounts.stage_part(batch, changed, AccountPart::revocation, as_bytes(write_json(write_revocation(record))));
  // A secret that is to be used no more is not to be kept.
  context_.accounts.stage_no_part(batch, changed, AccountPart::escrowed_key);
  stage(batch, changed);
  AuditEntry entry = order.entry;
  entry.decision = Decision::account_revoked;
  entry.at = moment.wall;
  entry.account = record.account;
  entry.key = record.fingerprint.upper();
  entry.detail = record.reason + " by " + record.by + (record.note.empty() ? "" : ": " + record.note);
  TRY(withdrawals_.commit(batch, stored, changed, {Withdrawn::revoked, record.fingerprint, record.reason}, entry));
  return record;
}

Result<RevocationRecord> Revocation::judge_statement(const OpenedChallenge& opened, const Response& response,
                                                     const Visit& visit, const Moment& moment) {
  const Challenge& challenge = opened.challenge;
  const auto stored = TRY(context_.accounts.find(challenge.account));
  if (!stored) return fail(ErrorCode::account_unknown);
  const bool consumed = TRY(find_consumed(context_, opened.sealed.tag)).has_value();
  // A stick that comes twice is taken once, and told the same.
  const bool again =
      consumed && challenge.transport == Transport::courier && stored->account.state == AccountState::revoked;
  if (!again) TRY(judge_account(stored->account, challenge.epoch));
  if (stored->account.fingerprint != challenge.key) return fail(ErrorCode::epoch_passed, "the key is another now");
  const auto certificate = TRY(context_.accounts.certificate_of(*stored));
  TRY(proof_.verify(opened, response, certificate, moment));
  if (again) {
    const auto bytes = TRY(context_.accounts.read_part(*stored, AccountPart::revocation));
    if (!bytes) return fail(ErrorCode::record_unreadable, "the account is revoked without a record");
    return parse_revocation(as_text(*bytes));
  }
  if (consumed) return fail(ErrorCode::challenge_consumed);
  Order order{challenge.extra, "", "statement", {}};
  order.entry.source = visit.source;
  return commit(*stored, order, moment,
                [&](storage::Batch& batch, Account&) { stage_consumed(batch, context_, opened, ""); });
}

Result<RevocationRecord> Revocation::by_statement(const Response& response, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const OpenedChallenge opened = TRY(proof_.open(response, Purpose::revoke, visit, moment));
  // A rotate challenge's text is a fingerprint; only the sealed purpose tells, but what is stored must be a reason.
  TRY(check_revocation_reason(opened.challenge.extra, ""));
  return until_settled([&] { return judge_statement(opened, response, visit, moment); });
}

Result<RevocationRecord> Revocation::judge_certificate(const std::string& account,
                                                       const openpgp::GatedRevocation& revocation, const Visit& visit,
                                                       const Moment& moment) {
  const auto stored = TRY(context_.accounts.find(account));
  const Status standing =
      stored ? judge_standing(context_.medium, context_.accounts, *stored) : Status(fail(ErrorCode::account_unknown));
  if (!standing) TRY(context_.accounts.read_in_vain(account, standing.error().code, AccountPart::certificate));
  TRY(standing);
  const auto certificate = TRY(context_.accounts.certificate_of(*stored));
  // First, so that with another key's no engine is asked, as for an account that is not there.
  const auto merged = TRY(openpgp::revoked_certificate(certificate, revocation));
  const auto before = TRY(context_.engine.inspect(certificate, moment.wall));
  // Or a revocation that proves nothing would seem to have done it.
  if (before.primary.revoked) return fail(ErrorCode::key_revoked, "the stored certificate is revoked already");
  const auto after = TRY(context_.engine.inspect(merged, moment.wall));
  if (!after.primary.revoked) return fail(ErrorCode::signature_invalid, "the revocation does not verify");
  Order order{reason_of(revocation), note_of(revocation), "certificate", {}};
  order.entry.source = visit.source;
  return commit(*stored, order, moment, [&](storage::Batch& batch, Account& changed) {
    context_.accounts.stage_part(batch, changed, AccountPart::certificate, as_bytes(merged.armored()));
  });
}

Result<RevocationRecord> Revocation::by_certificate(const std::string& account, const std::string& revocation,
                                                    const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const auto admitted = openpgp::admit_revocation(revocation);
  if (!admitted) {
    // A proof that lacks its signature is denied; this is none yet.
    if (admitted.error().code != ErrorCode::signature_missing) return tl::unexpected<Error>(admitted.error());
    return fail(ErrorCode::malformed_message, "there is no revocation certificate");
  }
  return until_settled([&] { return judge_certificate(account, *admitted, visit, moment); });
}

Result<RevocationRecord> Revocation::by_password(const std::string& account, const Password& password,
                                                 const std::string& reason, const std::string& note,
                                                 const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  TRY(check_revocation_reason(reason, note));
  return until_settled([&]() -> Result<RevocationRecord> {
    const auto proof = TRY(check_.prove(account, password));
    Order order{reason, note, "password", {}};
    order.entry.source = visit.source;
    return commit(proof.stored, order, moment, [](storage::Batch&, Account&) {});
  });
}

Result<RevocationRecord> Revocation::by_administrator(const std::string& account, const std::string& reason,
                                                      const std::string& note, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  TRY(check_revocation_reason(reason, note));
  return until_settled([&]() -> Result<RevocationRecord> {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    TRY(judge_account(stored->account, stored->account.epoch));
    Order order{reason, note, "administrator", {}};
    order.entry.source = visit.source;
    return commit(*stored, order, moment, [](storage::Batch&, Account&) {});
  });
}

Result<Account> Revocation::judge_restoring(const std::string& account, const std::string& public_key,
                                            const Visit& visit, const Moment& moment) {
  const auto stored = TRY(context_.accounts.find(account));
  if (!stored) return fail(ErrorCode::not_found, "no such account");
  if (stored->account.state != AccountState::revoked) {
    return fail(ErrorCode::account_not_revoked, "the account is " + std::string(name_of(stored->account.state)));
  }
  storage::Batch batch;
  Account changed = stored->account;
  changed.state = AccountState::active;
  if (public_key.empty()) {
    const auto certificate = TRY(context_.accounts.certificate_of(*stored));
    const auto checked = openpgp::check_enrollable(context_.engine, certificate.armored(),
                                                   openpgp::kCertificateReadBytesMax, moment.wall);
    if (!checked) {
      if (checked.error().code == ErrorCode::openpgp_unavailable) return tl::unexpected<Error>(checked.error());
      return fail(checked.error().code, checked.error().detail + ". The account needs another key: --public-key FILE");
    }
  } else {
    const auto checked = TRY(
        openpgp::check_enrollable(context_.engine, public_key, openpgp::kCertificateLocalReadBytesMax, moment.wall));
    // Why the former key ended stands in the revocation record, if that can still be read.
    const auto bytes = context_.accounts.read_part(*stored, AccountPart::revocation);
    const auto record = bytes && *bytes ? parse_revocation(as_text(**bytes)) : RevocationRecord();
    TRY(stage_key_change(context_, batch, changed, checked,
                         record && !record->reason.empty() ? record->reason : "unspecified", moment));
  }
  context_.accounts.stage_no_part(batch, changed, AccountPart::revocation);
  return withdrawals_.commit(
      batch, *stored, changed, {Withdrawn::restored, changed.fingerprint, "unspecified"},
      {Decision::account_restored, moment.wall, changed.id, changed.fingerprint.upper(), "", visit.source, ""});
}

Result<Account> Revocation::restore(const std::string& account, const std::string& public_key, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  return until_settled([&] { return judge_restoring(account, public_key, visit, moment); });
}

Status Revocation::complete(const std::string& account) {
  const auto stored = TRY(context_.accounts.find(account));
  if (!stored || stored->account.state != AccountState::revoked) return ok();
  const auto bytes = TRY(context_.accounts.read_part(*stored, AccountPart::revocation));
  if (!bytes) return ok();
  RevocationRecord record = TRY(parse_revocation(as_text(*bytes)));
  if (!record.signature.empty()) return ok();
  sign(record, context_.timekeeper.now().wall);
  if (record.signature.empty()) return ok();
  storage::Batch batch;
  Account changed = stored->account;
  context_.accounts.stage_part(batch, changed, AccountPart::revocation, as_bytes(write_json(write_revocation(record))));
  context_.accounts.stage_change(batch, *stored, changed);
  return context_.medium.commit(batch);
}

}  // namespace countersign::auth
