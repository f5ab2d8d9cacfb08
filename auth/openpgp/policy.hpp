// The key policy: which algorithms, sizes, hashes and states are good enough, as one table. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp {

// What an algorithm of KeyFacts may be used for; false for all that the table does not know.
bool may_sign(std::string_view algorithm);
bool may_encrypt(std::string_view algorithm);
// SHA-256, SHA-384 and SHA-512 (RFC 4880 §9.4: 8, 9, 10). The name is that of SignatureFacts.hash, empty for all
// others.
bool is_strong_hash(std::uint8_t hash_algorithm);
std::string_view strong_hash_name(std::uint8_t hash_algorithm);
// RSA, ECDSA and EdDSA (RFC 4880 §9.1, RFC 6637: 1, 3, 19, 22).
bool is_strong_signature_algorithm(std::uint8_t public_key_algorithm);

// May this certificate be enrolled and used: primary neither revoked nor expired, of an allowed algorithm, with a key
// that may sign and one that may encrypt. key_revoked, key_expired, key_policy; the detail is fit to be shown to its
// owner.
Status judge_certificate(const CertificateFacts& facts, Instant now);

// A line for each subkey that is bound and not expired or revoked, and of an algorithm that is accepted for nothing
// that it is made for. Pure.
std::vector<std::string> unaccepted_subkeys(const CertificateFacts& facts, Instant now);

// The newest valid encryption subkey, else the primary where it encrypts. key_policy, key_expired, key_revoked.
Result<KeyFacts> choose_encryption_key(const CertificateFacts& facts, Instant now);

// The key of that fingerprint, if it may sign now: the primary, or a bound subkey. signature_by_another_key,
// key_expired, key_revoked, signature_policy.
Result<KeyFacts> judge_signing_key(const CertificateFacts& facts, const Fingerprint& signing_key, Instant now);

}  // namespace countersign::auth::openpgp
