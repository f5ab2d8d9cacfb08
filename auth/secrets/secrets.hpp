// The server's secrets: families of keys, which age differently, and the server's OpenPGP secret key.
//
//   seal    seals challenges. One seals at a time; older ones open until the last challenge under them has expired.
//   record  MACs over records. A record names its key; one is retired only when no record does.
//   audit   former record keys: audit records are chained by their bytes and keep the MAC that they have.
//   decoy   chooses decoys. One, never replaced, or decoys would change and give themselves away.
//
// They are files of the server, never on the medium, so that who can write the medium can neither seal a challenge nor
// plant a session. In the folder (mode 0700), each of mode 0600:
//
//   <family>-<id>  see key_file.hpp
//   server.key     the server's transferable secret key, armored; absent where it lives in a GnuPG home. The secret
//                  alone counts: what the key says of itself, its end above all, is in the certificate of the identity
//                  record
//   floor          see floor.hpp
//   keys.lock      held by whoever changes keys
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "auth/secrets/key_file.hpp"

namespace countersign::auth::secrets {

// Where in the family, oldest first, the key is that is in use: the last whose time has come, or the first where none's
// has. Pure; the family is not empty.
std::size_t index_in_use(const std::vector<SecretKey>& family, Instant now);

// Immutable once loaded, and so is which key is in use: whoever works with it loads another when is_current() says so.
// Any thread.
class Secrets {
 public:
  // One key of each family, and the server's secret key unless that is empty; the folder must be absent or empty.
  static Status create(const std::filesystem::path& folder, Rng& rng, Instant now, const Secret& server_key_armored);
  // startup_refused where a file is unreadable, too open, malformed or missing.
  static Result<Secrets> load(const std::filesystem::path& folder, Instant now);
  // Of a server whose secret key lives elsewhere; startup_refused also where there is a server.key all the same, since
  // then nobody knows which one is meant.
  static Result<Secrets> load_without_server_key(const std::filesystem::path& folder, Instant now);
  // The families alone, whatever there is of the server's key.
  static Result<Secrets> load_families(const std::filesystem::path& folder, Instant now);

  const std::filesystem::path& folder() const { return folder_; }
  // False once a key was added to the folder or taken away, or one that was loaded before its time is due.
  // startup_refused where the folder cannot be read.
  Result<bool> is_current(Instant now) const;

  // The one that seals now.
  const SecretKey& newest_seal_key() const { return family(SecretFamily::seal)[sealing_]; }
  // A null pointer where no key has that id.
  const SecretKey* find_seal_key(std::string_view id) const;
  const SecretKey& newest_record_key() const { return family(SecretFamily::record)[recording_]; }
  const SecretKey* find_record_key(std::string_view id) const;
  // The key of that id, if a record of that name may be under it: a record key, or the audit key of an audit record.
  const SecretKey* find_key_of_record(std::string_view id, std::string_view record_name) const;
  const SecretKey& decoy_key() const { return family(SecretFamily::decoy).front(); }
  // Oldest first.
  const std::vector<SecretKey>& family(SecretFamily family) const { return families_.at(family); }
  // Empty where there is none, or it lives elsewhere: whoever needs it refuses.
  const Secret& server_key_armored() const { return server_key_; }

 private:
  std::filesystem::path folder_;
  std::vector<std::string> files_;
  std::map<SecretFamily, std::vector<SecretKey>> families_;
  std::size_t sealing_ = 0;
  std::size_t recording_ = 0;
  Secret server_key_;
};

}  // namespace countersign::auth::secrets
