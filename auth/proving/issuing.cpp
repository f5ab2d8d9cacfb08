#include "auth/proving/issuing.hpp"

#include "auth/base/account_id.hpp"
#include "auth/base/log.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "auth/openpgp/policy.hpp"
#include "auth/proving/newcomer.hpp"
#include "auth/proving/next_key.hpp"
#include "auth/records/revocation_record.hpp"
#include "auth/records/sealed_challenge.hpp"
#include "auth/records/standing.hpp"

namespace countersign::auth::proving {
Result<std::string> Issuing::extra_of(const ChallengeRequest& request, Instant now) {
  switch (request.purpose) {
    case records::Purpose::login:
      // Whoever it is asked for, known or not: an account that has no name yet learns it from this.
      return request.name.username;
    case records::Purpose::password:
      return std::string();
    case records::Purpose::enrol:
      if (request.name.username.empty()) return fail(ErrorCode::malformed_message, "'enrol' needs 'username'");
      TRY(check_new_username(request.name.username));
      return request.name.username;
    case records::Purpose::rotate: {
      // What would be refused with the response is refused now: it says nothing of the account.
      const auto next = TRY(openpgp::check_enrollable(context_.engine, request.new_public_key,
                                                      openpgp::gate::kCertificateReadBytesMax, now));
      return next.certificate.fingerprint().upper();
    }
    case records::Purpose::revoke:
      TRY(records::check_revocation_reason(request.reason, ""));
      return request.reason;
  }
  return fail(ErrorCode::malformed_message, "unknown purpose");
}

Result<Issuing::Recipient> Issuing::enrolling(const ChallengeRequest& request, const std::string& account,
                                              const Visit& visit, Instant now) {
  auto checked =
      TRY(openpgp::check_enrollable(context_.engine, request.public_key, openpgp::gate::kCertificateReadBytesMax, now));
  const auto stored = TRY(context_.accounts.find(account));
  const bool tombstone = stored && stored->account.state == records::AccountState::deleted;
  if (!is_by_network(visit.arrival)) {
    if (stored && !tombstone) return fail(ErrorCode::account_exists, request.name.username);
    TRY(judge_next_key(context_, nullptr, checked.certificate.fingerprint()));
  }
  return Recipient{std::move(checked.certificate), checked.encryption_key.fingerprint,
                   tombstone ? stored->account.epoch + 1 : 0, true};
}

// account_unknown, account_not_active and whatever is wrong with the key: reasons to answer with a decoy.
Result<Issuing::Recipient> Issuing::judge(const std::optional<records::StoredAccount>& stored, Instant now) {
  if (!stored) return fail(ErrorCode::account_unknown);
  const records::Account& found = stored->account;
  TRY(judge_standing(context_.medium, context_.accounts, *stored));
  auto certificate = TRY(context_.accounts.certificate_of(*stored));
  const auto facts = TRY(context_.engine.inspect(certificate, now));
  TRY(openpgp::judge_certificate(facts, now));
  const auto key = TRY(openpgp::choose_encryption_key(facts, now));
  return Recipient{std::move(certificate), key.fingerprint, found.epoch, !found.show_key_id};
}

Status Issuing::judge_account(const std::string& account) {
  TRY(judge(TRY(context_.accounts.find(account)), context_.timekeeper.now().wall));
  return ok();
}

Result<Issuing::Recipient> Issuing::of_account(const std::string& account, Instant now) {
  for (int judged = 0; judged < kJudgedTimesMax; ++judged) {
    const auto stored = context_.accounts.find(account);
    auto recipient = stored ? judge(*stored, now) : tl::unexpected<Error>(stored.error());
    if (recipient) return recipient;
    if (recipient.error().code == ErrorCode::conflict) continue;
    const Face face = face_of(recipient.error().code);
    if (face == Face::unavailable) return recipient;
    // The decoy hides it from whoever asked, not from the operator.
    if (face == Face::integrity) {
      log_grouped(LogLevel::alarm, "decoy issued",
                  {{"code", name_of(recipient.error().code)}, {"detail", recipient.error().detail}}, {});
    }
    const std::string algorithm = stored && *stored ? (*stored)->account.encryption_algorithm : std::string();
    Decoy decoy = decoys_.choose(account, algorithm);
    // For the time it takes alone, so that nobody costs what somebody does.
    TRY(context_.accounts.read_in_vain(account, recipient.error().code, records::AccountPart::certificate));
    static_cast<void>(context_.engine.inspect(decoy.certificate, now));
    return Recipient{std::move(decoy.certificate), decoy.encryption_key, 0, true};
  }
  return fail(ErrorCode::storage_unavailable, "the account changes too fast");
}

Result<IssuedChallenge> Issuing::issue(const ChallengeRequest& request, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const bool by_stranger = is_by_network(visit.arrival);
  // First, so that every name is told the same.
  if (request.purpose == records::Purpose::enrol) {
    TRY(judge_registration(context_.policies.registration, visit.arrival, !request.invite.empty()));
  }
  const std::string account = TRY(resolve(request.name));
  records::Challenge challenge;
  challenge.purpose = request.purpose;
  challenge.extra = TRY(extra_of(request, moment.wall));
  // It is spent with the response; who shows one that opens nothing is not to sign for it first.
  if (!request.invite.empty()) TRY(find_good_invite(context_, request.invite, request.name.username, moment));
  // Who may list the accounts is told what is wrong, before a challenge that helps nobody travels for days.
  const auto of_known_account = [&]() -> Result<Recipient> {
    const auto stored = TRY(context_.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    auto recipient = TRY(judge(stored, moment.wall));
    if (request.purpose == records::Purpose::rotate) {
      TRY(judge_next_key(context_, &stored->account, TRY(Fingerprint::parse(challenge.extra))));
    }
    return recipient;
  };
  const Recipient recipient = request.purpose == records::Purpose::enrol
                                  ? TRY(enrolling(request, account, visit, moment.wall))
                              : by_stranger ? TRY(of_account(account, moment.wall))
                                            : TRY(until_settled(of_known_account));
  challenge.transport = request.transport;
  challenge.account = account;
  challenge.key = recipient.certificate.fingerprint();
  challenge.epoch = recipient.epoch;
  challenge.browser = request.browser;
  if (request.again) {
    challenge.issued_at = request.again->issued_at;
    challenge.expires_at = request.again->expires_at;
    challenge.random = request.again->random;
  } else {
    challenge.issued_at = moment.judged;
    challenge.expires_at =
        moment.judged + (request.transport == records::Transport::courier ? context_.policies.courier_challenge_lifetime
                                                                          : context_.policies.http_challenge_lifetime);
    TRY(context_.rng.fill(challenge.random));
  }
  challenge.context = context_.identity.context();
  challenge.server_key = context_.identity.fingerprint();
  const records::OpenedChallenge opened{challenge, seal_challenge(challenge, context_.secrets.newest_seal_key())};
  const std::string text = write_statement(statement_of(opened, context_.identity.name()));
  const auto successions = context_.identity.successions_at(moment.wall);
  std::string message = TRY(context_.engine.seal(
      {recipient.certificate, recipient.encryption_key, text, recipient.hide, moment.wall, successions}));
  return IssuedChallenge{
      std::move(message), {challenge.issued_at, challenge.expires_at, challenge.random}, opened.sealed.tag};
}

}  // namespace countersign::auth::proving
