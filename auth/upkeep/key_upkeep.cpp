#include "auth/upkeep/key_upkeep.hpp"

#include "auth/upkeep/ageing.hpp"

namespace countersign::auth::upkeep {
namespace {

// What comes back from the key's home is foreign until it is seen to be what was asked for.
Status judge_extended(const openpgp::CertificateFacts& facts, const std::optional<Instant>& expires_at, Instant now) {
  if (!facts.primary.bound || facts.primary.expires_at != expires_at) {
    return fail(ErrorCode::openpgp_unavailable, "the key did not take the new end");
  }
  TRY(judge_server_key(facts, now));
  for (const openpgp::KeyFacts& subkey : facts.subkeys) {
    if (!subkey.bound || subkey.revoked || subkey.expires_at == expires_at) continue;
    return fail(ErrorCode::openpgp_unavailable,
                "the subkey " + subkey.fingerprint.upper() + " did not take the new end");
  }
  return ok();
}

std::string detail_of(const std::optional<Instant>& expires_at) {
  return expires_at ? "expires " + format_time(*expires_at) : std::string("never expires");
}

}  // namespace

Result<ServerKeyView> KeyUpkeep::view_of(records::ServerIdentity identity, Instant now) {
  auto facts = TRY(identity.inspect(context_.engine, now));
  return ServerKeyView{
      std::move(facts), home_ == nullptr ? std::string() : home_->place(), std::move(identity), now, {}};
}

Result<ServerKeyView> KeyUpkeep::show() {
  auto identity = TRY(records::ServerIdentity::load(context_.medium, context_.seal, context_.identity.name(),
                                                    context_.identity.fingerprint()));
  return view_of(std::move(identity), context_.timekeeper.now().wall);
}

Result<ServerKeyView> KeyUpkeep::extend(const std::optional<Instant>& expires_at, const Visit& visit) {
  const Instant now = context_.timekeeper.now().wall;
  if (expires_at && *expires_at <= now) {
    return fail(ErrorCode::malformed_message, "the key would have expired on " + format_time(*expires_at) + " already");
  }
  if (home_ == nullptr) return fail(ErrorCode::openpgp_unavailable, "the server's secret key is not here");
  auto identity = TRY(records::ServerIdentity::load(context_.medium, context_.seal, context_.identity.name(),
                                                    context_.identity.fingerprint()));
  const auto certificate =
      TRY(openpgp::gate::admit_certificate(identity.certificate_armored(), openpgp::gate::kCertificateReadBytesMax));
  const auto extended = TRY(home_->extend(certificate, expires_at, now));
  TRY(judge_extended(TRY(context_.engine.inspect(extended, now)), expires_at, now));
  return commit_certificate(identity, extended, detail_of(expires_at), visit, now);
}

Result<ServerKeyView> KeyUpkeep::refresh(const Visit& visit) {
  const Instant now = context_.timekeeper.now().wall;
  if (home_ == nullptr) return fail(ErrorCode::openpgp_unavailable, "the server's secret key is not here");
  const auto identity = TRY(records::ServerIdentity::load(context_.medium, context_.seal, context_.identity.name(),
                                                          context_.identity.fingerprint()));
  const auto certificate = TRY(home_->refresh());
  const auto facts = TRY(context_.engine.inspect(certificate, now));
  TRY(judge_server_key(facts, now));
  return commit_certificate(identity, certificate, detail_of(facts.primary.expires_at), visit, now);
}

Result<ServerKeyView> KeyUpkeep::commit_certificate(const records::ServerIdentity& identity,
                                                    const openpgp::gate::GatedCertificate& certificate,
                                                    const std::string& detail, const Visit& visit, Instant now) {
  if (certificate.fingerprint() != identity.fingerprint()) {
    return fail(ErrorCode::certificate_refused, "another key came back: " + certificate.fingerprint().upper());
  }
  const records::ServerIdentity next = identity.with_certificate(certificate.armored());
  storage::Batch batch;
  next.stage_over(batch, context_.seal, identity);
  TRY(context_.audit.commit(
      batch, {records::Decision::server_key_extended, now, "", next.fingerprint().upper(), "", visit.source, detail}));
  return view_of(next, now);
}

// The succession by the present key; verified as a client will, before anything depends on it.
Status KeyUpkeep::commit_next(const openpgp::gate::GatedCertificate& certificate, const KeyReplacement& request,
                              const Visit& visit, Instant now) {
  const auto identity = TRY(records::ServerIdentity::load(context_.medium, context_.seal, context_.identity.name(),
                                                          context_.identity.fingerprint()));
  if (identity.fingerprint() != context_.identity.fingerprint()) {
    return fail(ErrorCode::conflict, "another command replaced the server's key meanwhile, and this one nothing");
  }
  records::SuccessionProof proof;
  std::string detail = "from " + identity.fingerprint().upper() + ", without a succession";
  if (request.overlap) {
    TRY(judge_server_key(TRY(identity.inspect(context_.engine, now)), now));
    proof.statement = records::write_succession(
        {identity.name(), identity.fingerprint(), certificate.fingerprint(), now, now + *request.overlap});
    proof.signature = TRY(context_.engine.sign(proof.statement, now));
    proof.certificate = identity.certificate_armored();
    TRY(records::follow_successions(context_.engine, {&proof, 1}, identity.name(), identity.fingerprint(),
                                    certificate.fingerprint(), now));
    detail =
        "from " + identity.fingerprint().upper() + ", which leads to it until " + format_time(now + *request.overlap);
  }
  const records::ServerIdentity next = identity.with_key(certificate, proof.statement, proof.signature, now);
  storage::Batch batch;
  next.stage_over(batch, context_.seal, identity);
  return context_.audit.commit(
      batch, {records::Decision::server_key_replaced, now, "", next.fingerprint().upper(), "", visit.source, detail});
}

Result<ServerKeyView> KeyUpkeep::replace(const KeyReplacement& request, const Visit& visit) {
  const Instant now = context_.timekeeper.now().wall;
  if (request.overlap && (*request.overlap < Seconds(1) || *request.overlap > records::kSuccessionLifetimeMax)) {
    return fail(ErrorCode::malformed_message, "the overlap is a year at most");
  }
  if (home_ == nullptr) return fail(ErrorCode::openpgp_unavailable, "the server's secret key is not here");
  std::string remark = TRY(home_->replace("Countersign " + context_.identity.name(), now,
                                          [&](const openpgp::gate::GatedCertificate& certificate) {
                                            return commit_next(certificate, request, visit, now);
                                          }));
  auto view = TRY(show());
  view.remark = std::move(remark);
  return view;
}

}  // namespace countersign::auth::upkeep
