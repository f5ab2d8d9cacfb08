#include "auth/openpgp/rnp/parsed_certificate.hpp"

#include <rnp/rnp_err.h>

#include <algorithm>

#include "auth/openpgp/rnp/key_facts.hpp"
#include "auth/openpgp/rnp/primary_claims.hpp"
#include "auth/openpgp/taking_away.hpp"

namespace countersign::auth::openpgp::rnp {
namespace {

Result<KeyringFacts> read_certificate(rnp_ffi_t ffi, const gate::GatedCertificate& certificate, Reading reading,
                                      Instant now) {
  TRY(load_keys(ffi, certificate.packets(), RNP_LOAD_SAVE_PUBLIC_KEYS));
  KeyringFacts facts = TRY(read_keyring(ffi, certificate.fingerprint()));
  TRY(settle_primary(facts.certificate.primary, certificate, reading, now));
  return facts;
}

// What takes away counts whatever its hash.
Status take_away(KeyringFacts& strict, const gate::GatedCertificate& certificate, Instant now) {
  const Ffi ffi = TRY(make_ffi(Reading::any_hash, now));
  const KeyringFacts any_hash = TRY(read_certificate(ffi.get(), certificate, Reading::any_hash, now));
  strict.changes.insert(strict.changes.end(), any_hash.changes.begin(), any_hash.changes.end());
  take_away(strict.certificate, any_hash.certificate);
  return ok();
}

// Who made the signature, as far as librnp can say.
Status read_signer(rnp_op_verify_signature_t signature, SignatureFacts& facts) {
  rnp_key_handle_t raw = nullptr;
  const rnp_result_t result = rnp_op_verify_signature_get_key(signature, &raw);
  const Key key(raw);
  if (result == RNP_ERROR_KEY_NOT_FOUND) return ok();
  TRY(check(result, "rnp_op_verify_signature_get_key"));
  facts.signing_key = TRY(fingerprint_of(raw));
  bool is_primary = false;
  TRY(check(rnp_key_is_primary(raw, &is_primary), "rnp_key_is_primary"));
  if (is_primary) {
    facts.primary = facts.signing_key;
    return ok();
  }
  const std::string primary = TRY(text_of(&rnp_key_get_primary_fprint, raw, "rnp_key_get_primary_fprint"));
  facts.primary = TRY(Fingerprint::parse(primary));
  return ok();
}

// librnp reports one good signature of two as a success, so each is looked at, and there may be only one.
Result<SignatureFacts> read_facts(rnp_op_verify_t operation, rnp_result_t executed) {
  SignatureFacts facts;
  TRY(check(rnp_op_verify_get_signature_count(operation, &facts.signatures), "rnp_op_verify_get_signature_count"));
  if (facts.signatures != 1) return facts;
  rnp_op_verify_signature_t signature = nullptr;
  TRY(check(rnp_op_verify_get_signature_at(operation, 0, &signature), "rnp_op_verify_get_signature_at"));
  facts.hash = TRY(text_of(&rnp_op_verify_signature_get_hash, signature, "rnp_op_verify_signature_get_hash"));
  std::uint32_t created = 0;
  std::uint32_t lifetime = 0;
  TRY(check(rnp_op_verify_signature_get_times(signature, &created, &lifetime), "rnp_op_verify_signature_get_times"));
  facts.created_at = from_unix(created);
  TRY(read_signer(signature, facts));
  facts.valid = executed == RNP_SUCCESS && rnp_op_verify_signature_get_status(signature) == RNP_SUCCESS &&
                facts.signing_key != Fingerprint();
  return facts;
}

}  // namespace

Result<std::unique_ptr<ParsedCertificate>> ParsedCertificate::load(const gate::GatedCertificate& certificate,
                                                                   Instant now) {
  Ffi ffi = TRY(make_ffi(Reading::strict, now));
  KeyringFacts facts = TRY(read_certificate(ffi.get(), certificate, Reading::strict, now));
  if (facts.has_weak_signature) TRY(take_away(facts, certificate, now));

  std::unique_ptr<ParsedCertificate> parsed(new ParsedCertificate(std::move(ffi), std::move(facts.certificate)));
  for (const Instant change : facts.changes) {
    if (change <= now) {
      parsed->holds_from_ = std::max(parsed->holds_from_, change);
    } else {
      parsed->holds_until_ = std::min(parsed->holds_until_, change);
    }
  }
  return parsed;
}

Result<SignatureFacts> ParsedCertificate::verify(ByteView message, const gate::GatedSignature& signature, Instant now) {
  // A signature a little ahead of this clock would pass for expired.
  TRY(set_time(ffi_.get(), std::max(now, signature.created_at())));
  const Input text = TRY(input_of(message));
  const Input packets = TRY(input_of(signature.packets()));
  rnp_op_verify_t raw = nullptr;
  const rnp_result_t result = rnp_op_verify_detached_create(&raw, ffi_.get(), text.get(), packets.get());
  const Verify operation(raw);
  TRY(check(result, "rnp_op_verify_detached_create"));
  const rnp_result_t executed = rnp_op_verify_execute(raw);
  if (executed == RNP_ERROR_OUT_OF_MEMORY) TRY(check(executed, "rnp_op_verify_execute"));
  return read_facts(raw, executed);
}

Result<Bytes> ParsedCertificate::encrypt(ByteView packets, const Fingerprint& key, Instant now) {
  TRY(set_time(ffi_.get(), now));
  const Key recipient = TRY(find_key(ffi_.get(), key));
  const Input input = TRY(input_of(packets));
  const Output output = TRY(memory_output());
  rnp_op_encrypt_t raw = nullptr;
  const rnp_result_t result = rnp_op_encrypt_create(&raw, ffi_.get(), input.get(), output.get());
  const Encrypt operation(raw);
  TRY(check(result, "rnp_op_encrypt_create"));
  TRY(check(rnp_op_encrypt_add_recipient(raw, recipient.get()), "rnp_op_encrypt_add_recipient",
            ErrorCode::certificate_refused));
  TRY(check(rnp_op_encrypt_set_flags(raw, RNP_ENCRYPT_NOWRAP), "rnp_op_encrypt_set_flags"));
  TRY(check(rnp_op_encrypt_set_cipher(raw, "AES256"), "rnp_op_encrypt_set_cipher"));
  TRY(check(rnp_op_encrypt_set_aead(raw, "None"), "rnp_op_encrypt_set_aead"));
  TRY(check(rnp_op_encrypt_set_compression(raw, "Uncompressed", 0), "rnp_op_encrypt_set_compression"));
  TRY(check(rnp_op_encrypt_set_armor(raw, false), "rnp_op_encrypt_set_armor"));
  TRY(check(rnp_op_encrypt_execute(raw), "rnp_op_encrypt_execute", ErrorCode::certificate_refused));
  return bytes_of(output);
}

}  // namespace countersign::auth::openpgp::rnp
