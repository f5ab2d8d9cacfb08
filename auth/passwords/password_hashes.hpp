// Making and verifying the hashes that accounts keep, under the policy of now.
//
// With a pepper the hash also depends on HKDF(record key, "countersign pepper v1"), which is no more on the medium than
// that key is; the account record names the key.
#pragma once

#include <cstdint>
#include <string>

#include "auth/base/rng.hpp"
#include "auth/passwords/hasher.hpp"
#include "auth/passwords/legacy_hash.hpp"
#include "auth/passwords/phc_string.hpp"
#include "auth/secrets/secrets.hpp"

namespace countersign::auth::passwords {

// A hash fit to be stored: the PHC string, and the record key that its pepper came from (empty: none).
struct HashedPassword {
  Secret phc;
  std::string pepper_key;
};

// The form of a password that was hashed. Ours are of the normal one; the predecessor did not normalise.
enum class HashedForm : std::uint8_t { normal, as_typed };

// Any thread; what it is given outlives it.
class PasswordHashes {
 public:
  PasswordHashes(Hasher& hasher, const secrets::Secrets& secrets, Rng& rng, const PasswordPolicy& policy)
      : hasher_(hasher), secrets_(secrets), rng_(rng), policy_(policy) {}

  // With a fresh salt, under the policy. One hash. hasher_*, entropy_unavailable.
  Result<HashedPassword> make(const Password& password);
  // Which form matches. One hash; of a password that did not come in its normal form a second one, where the first does
  // not match. Compared in constant time. password_wrong; hasher_*; secret_missing where the pepper's key is gone.
  Result<HashedForm> verify(const Password& password, const PhcString& phc, const std::string& pepper_key);
  // For who has no such hash: costs, together with one make(), what verify() costs of a wrong password. hasher_*,
  // entropy_unavailable.
  Status verify_none(const Password& password);
  // Weaker in any parameter than what make() would write, or with another pepper.
  bool is_outdated(const PhcString& phc, const std::string& pepper_key) const;

 private:
  Result<bool> matches(const Secret& text, const PhcString& phc, const Secret& pepper);
  std::string current_pepper_key() const;
  Result<Secret> pepper_of(const std::string& key_id) const;

  Hasher& hasher_;
  const secrets::Secrets& secrets_;
  Rng& rng_;
  const PasswordPolicy policy_;
};

}  // namespace countersign::auth::passwords
