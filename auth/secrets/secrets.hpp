// The server's secrets: three families of keys, which age differently, and the server's OpenPGP secret key.
//
//   seal    seals challenges. The newest seals; older ones open until the last challenge under them has expired.
//   record  MACs over records. A record names its key; one is retired only when no record names it.
//   decoy   chooses decoys. One, never replaced, or decoys would change and give themselves away.
//
// They are files of the server, never on the medium, so that who can write the medium can neither seal a challenge nor
// plant a session. In the folder (mode 0700), each of mode 0600:
//
//   seal-<id>  record-<id>  decoy-<id>
//                text: version line, then `family:`, `id:`, `created:`, `key:` (base64url, 32 bytes)
//   server.key   the server's transferable secret key, armored; absent where it lives in a GnuPG home. The secret alone
//                counts: what the key says of itself, its end above all, is in the certificate of the identity record
//   floor        see floor.hpp
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "auth/rng.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth {

struct SecretKey {
  std::string id;  // 16 lower-case hex digits
  Instant created_at{};
  Secret key;
};

// Immutable once loaded; any thread.
class Secrets {
 public:
  // One key of each family, and the server's secret key unless that is empty; the folder must be absent or empty.
  static Status create(const std::filesystem::path& folder, Rng& rng, Instant now, const Secret& server_key_armored);
  // startup_refused where a file is unreadable, too open, malformed or missing.
  static Result<Secrets> load(const std::filesystem::path& folder);
  // Of a server whose secret key lives elsewhere; startup_refused also where there is a server.key all the same, since
  // then nobody knows which one is meant.
  static Result<Secrets> load_without_server_key(const std::filesystem::path& folder);

  // The one that seals now.
  const SecretKey& newest_seal_key() const { return seal_.back(); }
  // A null pointer where no key has that id.
  const SecretKey* find_seal_key(std::string_view id) const;
  const SecretKey& newest_record_key() const { return record_.back(); }
  const SecretKey* find_record_key(std::string_view id) const;
  const SecretKey& decoy_key() const { return decoy_; }
  // Empty where there is none, or it lives elsewhere: whoever needs it refuses.
  const Secret& server_key_armored() const { return server_key_; }

 private:
  static Result<Secrets> load_families(const std::filesystem::path& folder);

  std::vector<SecretKey> seal_;    // oldest first
  std::vector<SecretKey> record_;  // oldest first
  SecretKey decoy_;
  Secret server_key_;
};

}  // namespace countersign::auth
