#include "auth/openpgp/rnp/key_facts.hpp"

#include <rnp/rnp_err.h>

#include <algorithm>
#include <utility>

namespace countersign::auth::openpgp::rnp {
namespace {

// librnp's names and ours.
constexpr std::pair<std::string_view, std::string_view> kCurves[] = {{"Ed25519", "ed25519"},
                                                                     {"Curve25519", "cv25519"},
                                                                     {"NIST P-256", "nistp256"},
                                                                     {"NIST P-384", "nistp384"},
                                                                     {"NIST P-521", "nistp521"},
                                                                     {"brainpoolP256r1", "brainpoolP256r1"},
                                                                     {"brainpoolP384r1", "brainpoolP384r1"},
                                                                     {"brainpoolP512r1", "brainpoolP512r1"},
                                                                     {"secp256k1", "secp256k1"}};
constexpr std::pair<std::string_view, std::string_view> kSized[] = {{"RSA", "rsa"}, {"DSA", "dsa"}, {"ELGAMAL", "elg"}};
constexpr std::string_view kStrongHashes[] = {"SHA256", "SHA384", "SHA512", "SHA3-256", "SHA3-512"};

Result<std::string> algorithm_of(rnp_key_handle_t key) {
  const std::string name = TRY(text_of(&rnp_key_get_alg, key, "rnp_key_get_alg"));
  for (const auto& [theirs, ours] : kSized) {
    if (name != theirs) continue;
    std::uint32_t bits = 0;
    TRY(check(rnp_key_get_bits(key, &bits), "rnp_key_get_bits"));
    return std::string(ours) + std::to_string(bits);
  }
  const std::string curve = TRY(text_of(&rnp_key_get_curve, key, "rnp_key_get_curve"));
  for (const auto& [theirs, ours] : kCurves) {
    if (curve == theirs) return std::string(ours);
  }
  return name + " " + curve;
}

Result<bool> allows(rnp_key_handle_t key, const char* usage) {
  bool allowed = false;
  TRY(check(rnp_key_allows_usage(key, usage, &allowed), "rnp_key_allows_usage"));
  return allowed;
}

class KeyringReader {
 public:
  explicit KeyringReader(KeyringFacts& facts) : facts_(facts) {}

  Result<KeyFacts> read_primary(rnp_key_handle_t key) {
    bool bound = TRY(read_signatures(key, "direct"));
    std::size_t count = 0;
    TRY(check(rnp_key_get_uid_count(key, &count), "rnp_key_get_uid_count"));
    for (std::size_t i = 0; i < count; ++i) {
      rnp_uid_handle_t raw = nullptr;
      const rnp_result_t result = rnp_key_get_uid_handle_at(key, i, &raw);
      const UserId user_id(raw);
      TRY(check(result, "rnp_key_get_uid_handle_at"));
      const bool valid = TRY(read_user_id(raw));
      bound = bound || valid;
    }
    return read_key(key, bound);
  }

  // Who does not vouch for itself binds nobody.
  Result<KeyFacts> read_subkey(rnp_key_handle_t key, bool primary_bound) {
    const bool bound = TRY(read_signatures(key, "subkey binding"));
    return read_key(key, bound && primary_bound);
  }

 private:
  // Without a valid binding the flags are librnp's guess from the algorithm, and worth nothing.
  Result<KeyFacts> read_key(rnp_key_handle_t key, bool bound) {
    KeyFacts facts;
    facts.fingerprint = TRY(fingerprint_of(key));
    facts.algorithm = TRY(algorithm_of(key));
    std::uint32_t created = 0;
    std::uint32_t lifetime = 0;
    TRY(check(rnp_key_get_creation(key, &created), "rnp_key_get_creation"));
    TRY(check(rnp_key_get_expiration(key, &lifetime), "rnp_key_get_expiration"));
    facts.created_at = from_unix(created);
    facts_.changes.push_back(facts.created_at);
    if (lifetime != 0) {
      facts.expires_at = facts.created_at + Seconds(lifetime);
      facts_.changes.push_back(*facts.expires_at);
    }
    TRY(check(rnp_key_is_revoked(key, &facts.revoked), "rnp_key_is_revoked"));
    facts.bound = bound;
    if (bound) {
      facts.can_certify = TRY(allows(key, "certify"));
      facts.can_sign = TRY(allows(key, "sign"));
      facts.can_encrypt = TRY(allows(key, "encrypt"));
    }
    return facts;
  }

  // Is one of them of that type and valid?
  Result<bool> read_signatures(rnp_key_handle_t key, std::string_view type) {
    std::size_t count = 0;
    TRY(check(rnp_key_get_signature_count(key, &count), "rnp_key_get_signature_count"));
    bool found = false;
    for (std::size_t i = 0; i < count; ++i) {
      rnp_signature_handle_t raw = nullptr;
      const rnp_result_t result = rnp_key_get_signature_at(key, i, &raw);
      const Signature signature(raw);
      TRY(check(result, "rnp_key_get_signature_at"));
      const bool valid = TRY(read_signature(raw));
      const std::string its_type = TRY(text_of(&rnp_signature_get_type, raw, "rnp_signature_get_type"));
      found = found || (valid && its_type == type);
    }
    return found;
  }

  // Is it certified and not revoked?
  Result<bool> read_user_id(rnp_uid_handle_t user_id) {
    void* data = nullptr;
    std::size_t size = 0;
    const rnp_result_t result = rnp_uid_get_data(user_id, &data, &size);
    const Buffer owned(static_cast<char*>(data));
    TRY(check(result, "rnp_uid_get_data"));
    std::size_t count = 0;
    TRY(check(rnp_uid_get_signature_count(user_id, &count), "rnp_uid_get_signature_count"));
    for (std::size_t i = 0; i < count; ++i) {
      rnp_signature_handle_t raw = nullptr;
      const rnp_result_t got = rnp_uid_get_signature_at(user_id, i, &raw);
      const Signature signature(raw);
      TRY(check(got, "rnp_uid_get_signature_at"));
      TRY(read_signature(raw));
    }
    bool valid = false;
    bool revoked = false;
    TRY(check(rnp_uid_is_valid(user_id, &valid), "rnp_uid_is_valid"));
    TRY(check(rnp_uid_is_revoked(user_id, &revoked), "rnp_uid_is_revoked"));
    if (valid && !revoked) facts_.certificate.user_ids.emplace_back(owned.get(), size);
    return valid && !revoked;
  }

  Result<bool> read_signature(rnp_signature_handle_t signature) {
    std::uint32_t created = 0;
    std::uint32_t lifetime = 0;
    TRY(check(rnp_signature_get_creation(signature, &created), "rnp_signature_get_creation"));
    TRY(check(rnp_signature_get_expiration(signature, &lifetime), "rnp_signature_get_expiration"));
    facts_.changes.push_back(from_unix(created));
    if (lifetime != 0) facts_.changes.push_back(from_unix(std::int64_t{created} + lifetime));
    const std::string hash = TRY(text_of(&rnp_signature_get_hash_alg, signature, "rnp_signature_get_hash_alg"));
    if (std::find(std::begin(kStrongHashes), std::end(kStrongHashes), hash) == std::end(kStrongHashes)) {
      facts_.has_weak_signature = true;
    }
    const bool valid = rnp_signature_is_valid(signature, 0) == RNP_SUCCESS;
    if (valid) facts_.newest_valid = std::max(facts_.newest_valid, from_unix(created));
    return valid;
  }

  KeyringFacts& facts_;
};

}  // namespace

Result<KeyringFacts> read_keyring(rnp_ffi_t ffi, const Fingerprint& primary) {
  KeyringFacts facts;
  KeyringReader reader(facts);
  const Key key = TRY(find_key(ffi, primary));
  facts.certificate.primary = TRY(reader.read_primary(key.get()));

  std::size_t count = 0;
  TRY(check(rnp_key_get_subkey_count(key.get(), &count), "rnp_key_get_subkey_count"));
  for (std::size_t i = 0; i < count; ++i) {
    rnp_key_handle_t raw = nullptr;
    const rnp_result_t result = rnp_key_get_subkey_at(key.get(), i, &raw);
    const Key subkey(raw);
    TRY(check(result, "rnp_key_get_subkey_at"));
    facts.certificate.subkeys.push_back(TRY(reader.read_subkey(raw, facts.certificate.primary.bound)));
  }
  return facts;
}

}  // namespace countersign::auth::openpgp::rnp
