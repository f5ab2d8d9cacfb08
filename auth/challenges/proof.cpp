#include "auth/challenges/proof.hpp"

#include "auth/keys/standing.hpp"

namespace countersign::auth {
namespace {

// A challenge that came over a network may not be answered by stick: its short life would mean nothing there. A
// courier's may come back any way, since its answer opens for the key's holder alone.
Status judge_arrival(Transport transport, Arrival arrival) {
  if (transport == Transport::http && arrival != Arrival::http) return fail(ErrorCode::transport_mismatch);
  return ok();
}

openpgp::SignatureWindow window_of(const Challenge& challenge, const Policies& policies, Instant now) {
  if (challenge.transport == Transport::http) {
    return {now - policies.http_signature_window, now + policies.http_signature_window};
  }
  return {challenge.issued_at - policies.courier_signature_before_issue, now + policies.courier_signature_after_now};
}

}  // namespace

Result<OpenedChallenge> Proof::open(const Response& response, Purpose purpose, const Visit& visit,
                                    const Moment& moment) {
  OpenedChallenge opened = TRY(open_challenge(response.challenge, context_.secrets));
  const Challenge& challenge = opened.challenge;
  if (!context_.identity.has_key(challenge.server_key)) return fail(ErrorCode::challenge_of_another_server);
  Instant now = moment.judged;
  if (challenge.transport == Transport::courier && now >= challenge.expires_at &&
      TRY(find_consumed(context_, opened.sealed.tag))) {
    now = challenge.expires_at - Seconds(1);
  }
  TRY(judge_challenge(challenge, purpose, context_.identity.context(), now));
  TRY(judge_arrival(challenge.transport, visit.arrival));
  return opened;
}

Status Proof::verify(const OpenedChallenge& opened, const Response& response,
                     const openpgp::GatedCertificate& certificate, const Moment& moment) {
  const auto signature = openpgp::admit_signature(response.signature);
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

Result<Prover> Proof::prove(const OpenedChallenge& opened, const Response& response, const Moment& moment) {
  const Challenge& challenge = opened.challenge;
  auto stored = TRY(context_.accounts.find(challenge.account));
  if (!stored) return fail(ErrorCode::account_unknown);
  TRY(judge_standing(context_.medium, context_.accounts, *stored));
  TRY(judge_account(stored->account, challenge.epoch));
  if (stored->account.fingerprint != challenge.key) return fail(ErrorCode::epoch_passed, "the key is another now");
  auto certificate = TRY(context_.accounts.certificate_of(*stored));
  TRY(verify(opened, response, certificate, moment));
  return Prover{*std::move(stored), std::move(certificate)};
}

std::string consumed_name(std::string_view tag) {
  return "consumed/" + std::string(tag);
}

Json write_consumed(const Consumed& consumed) {
  Json json = Json::object().set("version", 1).set("keep_until", format_time(consumed.keep_until));
  if (!consumed.grant.empty()) json.set("grant", consumed.grant);
  return json;
}

Result<Consumed> parse_consumed(const Json& json) {
  const auto parse = [&]() -> Result<Consumed> {
    JsonReader reader(json);
    TRY(check_record_version(reader));
    Consumed consumed;
    consumed.keep_until = TRY(reader.time("keep_until"));
    consumed.grant = TRY(reader.text_or("grant", ""));
    TRY(reader.finish());
    return consumed;
  };
  return understood("consumed challenge", parse());
}

Result<std::optional<Consumed>> find_consumed(const Context& context, std::string_view tag) {
  const auto entry = TRY(find_record(context.medium, context.seal, consumed_name(tag)));
  if (!entry) return std::optional<Consumed>();
  return std::optional<Consumed>(TRY(parse_consumed(entry->record)));
}

void stage_consumed(storage::Batch& batch, const Context& context, const OpenedChallenge& opened, std::string grant) {
  const std::string name = consumed_name(opened.sealed.tag);
  batch.require_absent(name);
  batch.put(name, context.seal.close(name, write_consumed({opened.challenge.expires_at + kConsumedKeptAfterExpiry,
                                                           std::move(grant)})));
}

}  // namespace countersign::auth
