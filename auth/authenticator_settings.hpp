// What an Authenticator is opened with.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "auth/base/fingerprint.hpp"
#include "auth/openpgp/key_home.hpp"
#include "auth/openpgp/key_reach.hpp"
#include "auth/passwords/hasher.hpp"
#include "auth/policies.hpp"
#include "auth/records/server_identity.hpp"
#include "auth/upkeep/health_settings.hpp"

namespace countersign::auth {

struct AuthenticatorSettings {
  std::string server_name;
  Fingerprint server_fingerprint;
  std::filesystem::path floor_path;
  std::string writer;  // of the audit chain: the server's instance name, or "cli"
  Policies policies;
  openpgp::KeyHome* key_home = nullptr;  // outlives the Authenticator; null: the server's key cannot be changed here
  // For the commands that mend the server's key: a key that fails its self-test does not stop the start.
  bool mends_key = false;
  // For the command that applies a list of revocations: a medium that lacks some does not stop the start.
  bool applies_revocations = false;
  // Where the server's key can go out of reach, as a token does; outlives the authenticator.
  openpgp::KeyReach* key_reach = nullptr;
  // Signs once before anything is served. Not for a command whose key is in a token: listing accounts, and taking
  // rights away, must go on without it, and its certificate is pinned all the same.
  bool self_test = true;
  passwords::HasherSettings hasher = {};
  std::filesystem::path ballast_path = {};  // empty: none is kept
  // Where it was read already, as under the name and fingerprint above; else it is read.
  std::optional<records::ServerIdentity> identity = {};
  upkeep::HealthSettings health = {};
};

}  // namespace countersign::auth
