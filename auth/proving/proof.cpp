#include "auth/proving/proof.hpp"

#include "auth/records/consumed.hpp"
#include "auth/records/standing.hpp"

namespace countersign::auth::proving {
namespace {

// A challenge that came over a network may not be answered by stick: its short life would mean nothing there. A
// browser's login is answered at the pages alone, which open it in that browser. A courier's may come back any way,
// since its answer opens for the key's holder alone.
Status judge_arrival(records::Transport transport, Arrival arrival) {
  switch (transport) {
    case records::Transport::http:
      return arrival == Arrival::http ? ok() : fail(ErrorCode::transport_mismatch);
    case records::Transport::browser:
      return arrival == Arrival::browser ? ok() : fail(ErrorCode::transport_mismatch);
    case records::Transport::courier:
      return ok();
  }
  return fail(ErrorCode::transport_mismatch);
}

openpgp::SignatureWindow window_of(const records::Challenge& challenge, const Policies& policies, Instant now) {
  if (challenge.transport != records::Transport::courier) {
    return {now - policies.http_signature_window, now + policies.http_signature_window};
  }
  return {challenge.issued_at - policies.courier_signature_before_issue, now + policies.courier_signature_after_now};
}

}  // namespace

Result<records::OpenedChallenge> Proof::open(const Response& response, records::Purpose purpose, const Visit& visit,
                                             const Moment& moment) {
  records::OpenedChallenge opened = TRY(records::open_challenge(response.challenge, context_.secrets));
  const records::Challenge& challenge = opened.challenge;
  if (!context_.identity.has_key(challenge.server_key)) return fail(ErrorCode::challenge_of_another_server);
  Instant now = moment.judged;
  if (challenge.transport == records::Transport::courier && now >= challenge.expires_at &&
      TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag))) {
    now = challenge.expires_at - Seconds(1);
  }
  TRY(judge_challenge(challenge, purpose, context_.identity.context(), now));
  TRY(judge_arrival(challenge.transport, visit.arrival));
  return opened;
}

Status Proof::verify(const records::OpenedChallenge& opened, const Response& response,
                     const openpgp::gate::GatedCertificate& certificate, const Moment& moment) {
  const auto signature = openpgp::gate::admit_signature(response.signature);
  if (!signature) {
    return fail(ErrorCode::signature_invalid,
                std::string(countersign::name_of(signature.error().code)) + ": " + signature.error().detail);
  }
  const std::string text = write_statement(statement_of(opened, context_.identity.name()));
  const auto accepted =
      openpgp::accept_signature(context_.engine, certificate, text, *signature, response.form,
                                window_of(opened.challenge, context_.policies, moment.wall), moment.wall);
  if (accepted) return ok();
  const Face face = face_of(accepted.error().code);
  if (face == Face::denied || face == Face::unavailable) return tl::unexpected<Error>(accepted.error());
  return fail(ErrorCode::signature_policy,
              std::string(countersign::name_of(accepted.error().code)) + ": " + accepted.error().detail);
}

Result<Prover> Proof::prove(const records::OpenedChallenge& opened, const Response& response, const Moment& moment) {
  const records::Challenge& challenge = opened.challenge;
  auto stored = TRY(find_active(context_, challenge.account, challenge.epoch, challenge.key));
  auto certificate = TRY(context_.accounts.certificate_of(stored));
  TRY(verify(opened, response, certificate, moment));
  return Prover{std::move(stored), std::move(certificate)};
}

Result<records::StoredAccount> find_active(const Context& context, const std::string& account, std::uint64_t epoch,
                                           const Fingerprint& key) {
  auto stored = TRY(context.accounts.find(account));
  if (!stored) return fail(ErrorCode::account_unknown);
  TRY(judge_standing(context.medium, context.accounts, *stored));
  TRY(judge_account(stored->account, epoch));
  if (stored->account.fingerprint != key) return fail(ErrorCode::epoch_passed, "the key is another now");
  return *std::move(stored);
}

}  // namespace countersign::auth::proving
