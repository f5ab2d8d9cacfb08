// Accepting a signature: one function, the same for every engine, because no engine's "good" is good enough alone.
//
// In this order: the gate let exactly one signature through; its class fits the form; its hash and algorithm are in the
// policy; its time is in the window, and it has not expired by its own word; the key that it names is in the
// certificate, may sign, and is neither expired nor revoked; the engine verifies it over our own bytes, and what it
// verified is what the gate read; the signer's primary fingerprint is the enrolled one; the key that signed may sign
// now; the signature is not older than its key.
//
// The named key is judged before the engine is asked, because engines differ in whether they verify with a key that is
// revoked, expired or unfit at all. The name is for the log; no proof hangs on it.
#pragma once

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp {

enum class SignatureForm {
  clear_signed,  // class 0x01, over the text without its final LF (RFC 4880 §7.1) or, failing that, with it
  detached,      // class 0x00 or 0x01, over the text with its final LF
};

struct SignatureWindow {
  Instant earliest;  // inclusive
  Instant latest;    // inclusive
};

struct AcceptedSignature {
  Fingerprint signing_key;
  Instant created_at;
};

// `text` is ours: a statement that the server rebuilt, never what came with the signature.
// signature_invalid, signature_by_another_key, signature_policy, signature_time, key_expired, key_revoked,
// engines_disagree, openpgp_unavailable; certificate_refused where the engine does not read the certificate.
Result<AcceptedSignature> accept_signature(OpenPgp& engine, const gate::GatedCertificate& certificate,
                                           std::string_view text, const gate::GatedSignature& signature,
                                           SignatureForm form, SignatureWindow window, Instant now);

}  // namespace countersign::auth::openpgp
