// Changing the server's secrets: what an administrator does, with commands, beside running servers.
//
// Load, then use, then retire. A rotation writes a key whose time is yet to come; running servers look at the folder
// about once a second and load it (cli/store.hpp), and when its time has come each of them uses it by its own clock.
// Servers on other hosts need the file copied to them before that. A key that was superseded opens what it sealed until
// nothing needs it; then it is retired, and that is refused before.
//
// The decision is on record before the files change: what is stopped in between is decided and not done, and done by
// running the command again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/secrets/private_file.hpp"
#include "auth/upkeep/record_key_use.hpp"

namespace countersign::auth::upkeep {

// By when every running server has loaded what came into its folder, and uses what is due; more than their clocks
// differ.
inline constexpr Seconds kTakeOver = std::chrono::minutes(5);
inline constexpr Seconds kRotationAheadMax = std::chrono::days(30);

enum class SecretState : std::uint8_t {
  coming,     // loaded by servers, not used yet
  in_use,     // seals challenges, or records
  opening,    // opens what it sealed, and is needed for that
  retirable,  // nothing needs it any more
  kept,       // never retired: the decoy key, and audit keys
};
std::string_view name_of(SecretState state);

struct SecretView {
  secrets::SecretFamily family{};
  std::string id;
  Instant created_at{};
  Instant from{};
  SecretState state{};
  std::optional<Instant> safe_at;  // when it can be retired; nothing where no time brings that about by itself
  std::optional<KeyUse> use;       // of a record or audit key, where it was counted
};

struct Retired {
  secrets::SecretFamily family{};
  std::string id;
  bool kept_for_audit = false;
};

// Pure: when nothing can be under this key any more for which the key is needed; nothing where it is in use or coming.
// `family` is oldest first. A sealed challenge is opened until its answer, consumed, is forgotten.
std::optional<Instant> safe_to_retire_at(secrets::SecretFamily name, const std::vector<secrets::SecretKey>& family,
                                         std::size_t index, Instant now);

// Any thread. What another process does to the folder at the same time is waited for.
class SecretUpkeep {
 public:
  explicit SecretUpkeep(const Context& context) : context_(context) {}

  // Every key but for what is secret. Where a record key might be retired, what names each is counted, for which the
  // whole medium is read.
  Result<std::vector<SecretView>> list(const Progress& progress);
  // A new key of the family, in use from `after` on. malformed_message for a family that does not rotate or a time out
  // of its range; clock_behind; storage_unavailable where the folder cannot be written.
  Result<SecretView> rotate(const std::string& family, Seconds after, const Visit& visit);
  // reseal_records(), with the record of it.
  Result<Resealing> reseal(const Visit& visit, const Progress& progress);
  // Overwritten and removed; a record key that audit records name becomes an audit key. One that is coming goes until
  // kTakeOver before its time, when no server can have used it yet. `leaked`: a key in other hands goes at any time
  // while it is coming, and a seal key whatever is open under it. not_found; secret_in_use, with what needs it and the
  // time when it is safe; malformed_message for the decoy key; clock_behind; storage_unavailable.
  Result<Retired> retire(const std::string& id, bool leaked, const Visit& visit, const Progress& progress);

 private:
  // The folder of the secrets, held for a change.
  struct Held {
    secrets::FileLock lock;
    Instant now;
    secrets::Secrets
        secrets;  // as they are on disk now, and not as they were when this process began; without the server's key
  };
  Result<secrets::FileLock> lock();
  Result<Held> hold();

  const Context& context_;
};

}  // namespace countersign::auth::upkeep
