// How the server stands: what an operator may look at, and what they are warned of. Cheap however large the store is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/context.hpp"
#include "auth/upkeep/health_settings.hpp"
#include "auth/upkeep/key_watch.hpp"
#include "auth/upkeep/notes.hpp"

namespace countersign::auth::upkeep {

// The key of a family that is in use, and when another takes over where one is coming.
struct SecretAge {
  secrets::SecretFamily family{};
  std::string id;
  Instant since{};
  std::optional<Instant> next;
  std::optional<Instant> due;  // from when on it is warned of, unless a next one is coming; nothing where it never is
};

struct Health {
  StoreFacts store;
  std::optional<InspectionNote> inspection;
  storage::BallastState ballast{};
  std::string_view clock;           // "right"; against the latest time seen "behind", or "ahead"
  std::optional<Instant> key_ends;  // the first of the server's keys to end
  std::vector<SecretAge> secrets;   // of the families that rotate
  std::optional<BackupNote> backup;
  std::vector<std::string> warnings;  // for local callers alone
};

std::string_view name_of(storage::BallastState state);
// Why it matters that there is none; empty where it is there, or will be.
std::string_view ballast_warning(storage::BallastState state);
std::string_view clock_state(const Moment& moment);

// storage_unavailable where the disk is so full that hardly anything can be written, a login least of all, and where
// what is written goes into a store that no start will find.
Status judge_store(const StoreFacts& store);

// Of all accounts, those that have not been swept yet, up to a number beyond which it stops counting.
struct SessionCount {
  std::int64_t open = 0;
  bool more = false;
};
// As Medium::list().
Result<SessionCount> count_sessions(const Context& context, std::size_t most);

// Never fails: what cannot be read is a warning.
Health look_over(const Context& context, const KeyWatch& key_watch, const HealthSettings& settings);

}  // namespace countersign::auth::upkeep
