// Taking an older medium into use: one that was put back by other means, or a backup.
//
// Numbers never fall. The identity record counts the restores, and what was given out before the last one, sessions and
// challenges, is void. Audit chains go on behind what the floor remembers of them. Revocations that the floor remembers
// and the medium lacks are applied from an export, or given up, with a line for each, by an administrator who says so;
// until then the floor refuses the start.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "auth/records/audit.hpp"
#include "auth/records/backup_file.hpp"
#include "auth/records/floor.hpp"
#include "auth/records/server_identity.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/progress.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::upkeep {

// A store that nobody else has open.
struct RestoreGround {
  storage::Medium& medium;
  const secrets::Secrets& secrets;
  const secrets::RecordSeal& seal;
  records::Floor& floor;
  std::string server_name;
  Fingerprint server_fingerprint;  // as the settings name it
  std::string writer;              // of the audit record
  Instant now{};
};

enum class MissingRevocations : std::uint8_t { wait_for_export, give_up };

struct Adopted {
  std::int64_t restores = 0;
  std::vector<records::CutOff> cut_off;
  // Numbers of revocations that the medium lacked; `last` 0: none.
  std::int64_t missing_first = 0;
  std::int64_t missing_last = 0;
  bool given_up = false;  // and are lost now
};

// The identity record on the medium as adopt_medium() takes it over. A store from before the server's key was replaced
// does not know the present one: it goes on with the key whose secret is here, and who knows the former one has to be
// told, since the succession to it went with the store. startup_refused (none, another's, or of neither that key nor
// the configured one); storage_unavailable.
Result<records::ServerIdentity> identity_on(const RestoreGround& ground);

// The medium as it is counts from now on: every session and open challenge is void. One batch, then the floor learns of
// it; safe to repeat. startup_refused (no identity here, or another's), storage_unavailable.
Result<Adopted> adopt_medium(const RestoreGround& ground, MissingRevocations missing);

// The floor learns what the medium has, before that is replaced: it may lag behind a process that was killed.
Status learn_from_medium(const RestoreGround& ground);

struct BackupFacts {
  records::BackupHead head;
  records::BackupCounts counts;
};
// Reads all of it. Whole, unchanged, of the server that the settings name, and readable with the secrets that there
// are: startup_refused where it is another's, secret_missing where a record or a pepper names a key that was retired
// since, and as BackupReader.
Result<BackupFacts> verify_backup(records::ByteSource source, const RestoreGround& ground);

// Erases what is on the medium, puts a verified backup there, adopts it. Once begun it must be brought to its end: run
// again from the start, it does so however often it was stopped.
Result<Adopted> put_back(records::ByteSource source, const RestoreGround& ground, const Progress& progress);

}  // namespace countersign::auth::upkeep
