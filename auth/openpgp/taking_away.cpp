#include "auth/openpgp/taking_away.hpp"

#include <algorithm>

namespace countersign::auth::openpgp {
namespace {

void take_away(KeyFacts& key, const KeyFacts& other) {
  key.revoked = key.revoked || other.revoked;
  key.bound = key.bound && other.bound;
  if (other.expires_at && (!key.expires_at || *other.expires_at < *key.expires_at)) key.expires_at = other.expires_at;
}

}  // namespace

void take_away(CertificateFacts& facts, const CertificateFacts& other) {
  std::erase_if(facts.user_ids, [&](const std::string& user_id) {
    return std::find(other.user_ids.begin(), other.user_ids.end(), user_id) == other.user_ids.end();
  });
  take_away(facts.primary, other.primary);
  for (KeyFacts& subkey : facts.subkeys) {
    for (const KeyFacts& same : other.subkeys) {
      if (same.fingerprint == subkey.fingerprint) take_away(subkey, same);
    }
  }
}

}  // namespace countersign::auth::openpgp
