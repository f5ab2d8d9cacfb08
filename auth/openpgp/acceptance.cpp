#include "auth/openpgp/acceptance.hpp"

#include <algorithm>
#include <string>

#include "auth/openpgp/policy.hpp"

namespace countersign::auth::openpgp {
namespace {

Status judge_form(const gate::GatedSignature& signature, SignatureForm form) {
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

Status judge_algorithms(const gate::GatedSignature& signature) {
  if (!is_strong_hash(signature.hash_algorithm())) {
    return fail(ErrorCode::signature_policy, "hash algorithm " + std::to_string(signature.hash_algorithm()));
  }
  if (!is_strong_signature_algorithm(signature.public_key_algorithm())) {
    return fail(ErrorCode::signature_policy, "signature algorithm " + std::to_string(signature.public_key_algorithm()));
  }
  return ok();
}

Status judge_time(const gate::GatedSignature& signature, SignatureWindow window, Instant now) {
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
bool confirms(const SignatureFacts& facts, const gate::GatedSignature& signature) {
  return facts.signatures == 1 && facts.valid && facts.hash == strong_hash_name(signature.hash_algorithm()) &&
         facts.created_at == signature.created_at() &&
         (!signature.issuer() || *signature.issuer() == facts.signing_key);
}

bool names(const gate::GatedSignature& signature, const KeyFacts& key) {
  if (signature.issuer()) return *signature.issuer() == key.fingerprint;
  const ByteView named = signature.issuer_key_id();
  const ByteView key_id = key.fingerprint.key_id();
  return std::equal(named.begin(), named.end(), key_id.begin(), key_id.end());
}

Status judge_age(const KeyFacts& key, const gate::GatedSignature& signature) {
  if (key.created_at <= signature.created_at()) return ok();
  return fail(ErrorCode::signature_time, "the signature is older than the key that made it");
}

// May a key that the signature names sign now? Engines differ in whether they verify with a key that is revoked,
// expired or unbound, so none is asked about one. Nothing is granted here: whoever forges the name gets no further by
// it.
Status judge_named_key(const CertificateFacts& keys, const gate::GatedSignature& signature, Instant now) {
  Status judged = fail(ErrorCode::signature_by_another_key,
                       "the certificate has no key of the id " + hex_upper(signature.issuer_key_id()));
  const auto judge = [&](const KeyFacts& key) {
    if (judged || !names(signature, key)) return;
    const auto may_sign = judge_signing_key(keys, key.fingerprint, now);
    judged = may_sign ? judge_age(*may_sign, signature) : Status(tl::unexpected<Error>(may_sign.error()));
  };
  judge(keys.primary);
  for (const KeyFacts& subkey : keys.subkeys) judge(subkey);
  return judged;
}

Result<SignatureFacts> verify(OpenPgp& engine, const gate::GatedCertificate& certificate, std::string_view text,
                              const gate::GatedSignature& signature, SignatureForm form, Instant now) {
  const bool final_lf = !text.empty() && text.back() == '\n';
  if (form == SignatureForm::clear_signed && final_lf) {
    const auto facts = TRY(engine.verify(certificate, as_bytes(text.substr(0, text.size() - 1)), signature, now));
    if (confirms(facts, signature)) return facts;
  }
  const auto facts = TRY(engine.verify(certificate, as_bytes(text), signature, now));
  if (confirms(facts, signature)) return facts;
  return fail(ErrorCode::signature_invalid, "no key of the certificate made this signature over this text");
}

}  // namespace

Result<AcceptedSignature> accept_signature(OpenPgp& engine, const gate::GatedCertificate& certificate,
                                           std::string_view text, const gate::GatedSignature& signature,
                                           SignatureForm form, SignatureWindow window, Instant now) {
  TRY(judge_form(signature, form));
  TRY(judge_algorithms(signature));
  TRY(judge_time(signature, window, now));
  const CertificateFacts keys = TRY(engine.inspect(certificate, now));
  if (keys.primary.fingerprint != certificate.fingerprint()) {
    return fail(ErrorCode::signature_by_another_key, "the engine read another certificate");
  }
  TRY(judge_named_key(keys, signature, now));
  const SignatureFacts facts = TRY(verify(engine, certificate, text, signature, form, now));
  if (facts.primary != certificate.fingerprint()) {
    return fail(ErrorCode::signature_by_another_key, "signed under " + facts.primary.upper());
  }
  const KeyFacts key = TRY(judge_signing_key(keys, facts.signing_key, now));
  TRY(judge_age(key, signature));
  return AcceptedSignature{key.fingerprint, signature.created_at()};
}

}  // namespace countersign::auth::openpgp
