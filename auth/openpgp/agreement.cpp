#include "auth/openpgp/agreement.hpp"

#include <algorithm>
#include <string>

namespace countersign::auth::openpgp {
namespace {

// One question, and what each engine says.
Status same(EngineNames names, const std::string& what, const std::string& first, const std::string& second) {
  if (first == second) return ok();
  return fail(ErrorCode::engines_disagree, what + ": " + std::string(names.first) + " says " + first + ", " +
                                               std::string(names.second) + " says " + second);
}

std::optional<Instant> earlier(const std::optional<Instant>& a, const std::optional<Instant>& b) {
  const Instant never = Instant::max();
  const Instant end = std::min(a.value_or(never), b.value_or(never));
  return end == never ? std::nullopt : std::optional(end);
}

Result<KeyFacts> agree_on_key(EngineNames names, const KeyFacts& first, const KeyFacts& second) {
  TRY(same(names, "the fingerprint", first.fingerprint.upper(), second.fingerprint.upper()));
  const std::string key = " of " + first.fingerprint.upper();
  TRY(same(names, "the algorithm" + key, first.algorithm, second.algorithm));
  TRY(same(names, "the creation time" + key, format_time(first.created_at), format_time(second.created_at)));
  KeyFacts both = first;
  both.expires_at = earlier(first.expires_at, second.expires_at);
  both.revoked = first.revoked || second.revoked;
  both.bound = first.bound && second.bound;
  both.can_certify = both.bound && first.can_certify && second.can_certify;
  both.can_sign = both.bound && first.can_sign && second.can_sign;
  both.can_encrypt = both.bound && first.can_encrypt && second.can_encrypt;
  return both;
}

const KeyFacts* find_subkey(const CertificateFacts& facts, const Fingerprint& fingerprint) {
  const auto found = std::find_if(facts.subkeys.begin(), facts.subkeys.end(),
                                  [&](const KeyFacts& subkey) { return subkey.fingerprint == fingerprint; });
  return found == facts.subkeys.end() ? nullptr : &*found;
}

KeyFacts unbound(KeyFacts key) {
  key.bound = key.can_certify = key.can_sign = key.can_encrypt = false;
  return key;
}

// A subkey that one engine passes over is no difference as long as the other does not vouch for it either, or the
// primary does not vouch for itself.
Result<KeyFacts> agree_on_unknown(EngineNames names, const KeyFacts& subkey, bool known_to_first, bool primary_bound) {
  if (!subkey.bound || !primary_bound) return unbound(subkey);
  const std::string known = "a subkey";
  const std::string unknown = "none";
  TRY(same(names, subkey.fingerprint.upper(), known_to_first ? known : unknown, known_to_first ? unknown : known));
  return subkey;
}

}  // namespace

Result<CertificateFacts> agree(EngineNames names, const CertificateFacts& first, const CertificateFacts& second) {
  CertificateFacts both;
  both.primary = TRY(agree_on_key(names, first.primary, second.primary));
  for (const KeyFacts& subkey : first.subkeys) {
    if (const KeyFacts* const other = find_subkey(second, subkey.fingerprint)) {
      both.subkeys.push_back(TRY(agree_on_key(names, subkey, *other)));
    } else {
      both.subkeys.push_back(TRY(agree_on_unknown(names, subkey, true, both.primary.bound)));
    }
  }
  for (const KeyFacts& subkey : second.subkeys) {
    if (find_subkey(first, subkey.fingerprint) != nullptr) continue;
    both.subkeys.push_back(TRY(agree_on_unknown(names, subkey, false, both.primary.bound)));
  }
  for (const std::string& user_id : first.user_ids) {
    const auto& others = second.user_ids;
    if (std::find(others.begin(), others.end(), user_id) != others.end()) both.user_ids.push_back(user_id);
  }
  return both;
}

Result<SignatureFacts> agree(EngineNames names, const SignatureFacts& first, const SignatureFacts& second) {
  if (!first.valid && !second.valid) return first;
  const auto verdict = [](const SignatureFacts& facts) {
    return facts.valid ? "it verifies with " + facts.signing_key.upper() : std::string("it does not verify");
  };
  TRY(same(names, "the signature", verdict(first), verdict(second)));
  TRY(same(names, "the signer's primary key", first.primary.upper(), second.primary.upper()));
  TRY(same(names, "the number of signatures", std::to_string(first.signatures), std::to_string(second.signatures)));
  TRY(same(names, "the signature's hash", first.hash, second.hash));
  TRY(same(names, "the signature's time", format_time(first.created_at), format_time(second.created_at)));
  return first;
}

}  // namespace countersign::auth::openpgp
