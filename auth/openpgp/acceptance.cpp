#include "auth/openpgp/acceptance.hpp"

#include <string>

#include "auth/openpgp/policy.hpp"

namespace countersign::auth::openpgp {
namespace {

Status judge_form(const GatedSignature& signature, SignatureForm form) {
  switch (form) {
    case SignatureForm::clear_signed:
      if (signature.signature_class() == 0x01) return ok();
      return fail(ErrorCode::signature_policy, "a clear-signed signature is of class 0x01");
    case SignatureForm::detached:
      if (signature.signature_class() == 0x00 || signature.signature_class() == 0x01) return ok();
      return fail(ErrorCode::signature_policy, "a detached signature is of class 0x00 or 0x01");
  }
  return fail(ErrorCode::signature_policy, "an unknown form");
}

Status judge_algorithms(const GatedSignature& signature) {
  if (!is_strong_hash(signature.hash_algorithm())) {
    return fail(ErrorCode::signature_policy, "hash algorithm " + std::to_string(signature.hash_algorithm()));
  }
  if (!is_strong_signature_algorithm(signature.public_key_algorithm())) {
    return fail(ErrorCode::signature_policy, "signature algorithm " + std::to_string(signature.public_key_algorithm()));
  }
  return ok();
}

Status judge_time(const GatedSignature& signature, SignatureWindow window, Instant now) {
  const Instant created = signature.created_at();
  if (created < window.earliest || created > window.latest) {
    return fail(ErrorCode::signature_time, "signed at " + format_time(created) + ", allowed from " +
                                               format_time(window.earliest) + " to " + format_time(window.latest));
  }
  if (signature.expires_at() && now >= *signature.expires_at()) {
    return fail(ErrorCode::signature_time, "the signature says of itself that it has expired");
  }
  return ok();
}

// An engine's facts are of this signature, and say that it verified.
bool confirms(const SignatureFacts& facts, const GatedSignature& signature) {
  return facts.signatures == 1 && facts.valid && facts.hash == strong_hash_name(signature.hash_algorithm()) &&
         facts.created_at == signature.created_at() &&
         (!signature.issuer() || *signature.issuer() == facts.signing_key);
}

// An engine may refuse to verify with a key that is revoked, expired or unbound, or not know the key at all. The key
// that the signature names then tells a better reason. Whoever forges the name gets no further by it.
tl::unexpected<Error> not_confirmed(const CertificateFacts& keys, const GatedSignature& signature, Instant now) {
  if (signature.issuer()) {
    const auto judged = judge_signing_key(keys, *signature.issuer(), now);
    if (!judged) return fail(judged.error().code, judged.error().detail + "; and the signature did not verify");
  }
  return fail(ErrorCode::signature_invalid, "no key of the certificate made this signature over this text");
}

Result<SignatureFacts> verify(OpenPgp& engine, const GatedCertificate& certificate, const CertificateFacts& keys,
                              std::string_view text, const GatedSignature& signature, SignatureForm form, Instant now) {
  const bool final_lf = !text.empty() && text.back() == '\n';
  if (form == SignatureForm::clear_signed && final_lf) {
    const auto facts = TRY(engine.verify(certificate, as_bytes(text.substr(0, text.size() - 1)), signature, now));
    if (confirms(facts, signature)) return facts;
  }
  const auto facts = TRY(engine.verify(certificate, as_bytes(text), signature, now));
  if (confirms(facts, signature)) return facts;
  return not_confirmed(keys, signature, now);
}

}  // namespace

Result<AcceptedSignature> accept_signature(OpenPgp& engine, const GatedCertificate& certificate, std::string_view text,
                                           const GatedSignature& signature, SignatureForm form, SignatureWindow window,
                                           Instant now) {
  TRY(judge_form(signature, form));
  TRY(judge_algorithms(signature));
  TRY(judge_time(signature, window, now));
  const CertificateFacts keys = TRY(engine.inspect(certificate, now));
  if (keys.primary.fingerprint != certificate.fingerprint()) {
    return fail(ErrorCode::signature_by_another_key, "the engine read another certificate");
  }
  const SignatureFacts facts = TRY(verify(engine, certificate, keys, text, signature, form, now));
  if (facts.primary != certificate.fingerprint()) {
    return fail(ErrorCode::signature_by_another_key, "signed under " + facts.primary.upper());
  }
  const KeyFacts key = TRY(judge_signing_key(keys, facts.signing_key, now));
  if (key.created_at > signature.created_at()) {
    return fail(ErrorCode::signature_time, "the signature is older than the key that made it");
  }
  return AcceptedSignature{key.fingerprint, signature.created_at()};
}

}  // namespace countersign::auth::openpgp
