// Which record keys are still named, by what, and taking their names out of what can be sealed anew.
//
// A record key is named by the MAC of a record, by the pepper of a password, and by the MAC of a file beside the keys
// (the floor). Audit records are chained by the hash of their bytes, so theirs cannot be changed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "auth/secrets/record_seal.hpp"
#include "storage/base/progress.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::upkeep {

// What names one key.
struct KeyUse {
  // By the folder of the medium that the records are in ("users", "sessions", ...); "passwords" are hashes with a
  // pepper, "secrets" files beside the keys.
  std::map<std::string, std::int64_t> counts;
  // The last audit record of each chain that names it.
  std::vector<std::string> last_audit;
  // The first few accounts whose password hash has a pepper from it.
  std::vector<std::string> accounts;

  // Besides audit records: what would be lost with the key.
  bool is_needed() const;
  bool is_in_audit() const { return !last_audit.empty(); }
};
inline constexpr std::size_t kAccountsNamedMax = 5;

// By the id of the key. Reads the whole medium; what is written meanwhile may be missed, but that is under a key in
// use. What the records say is taken as it stands. Fails as the medium does; startup_refused for a file that cannot be
// read.
Result<std::map<std::string, KeyUse>> count_key_use(storage::Medium& medium,
                                                    const std::filesystem::path& secrets_folder,
                                                    const Progress& progress);

struct Resealing {
  std::int64_t records = 0;         // that are now under the key in use and were not before
  std::vector<std::string> faults;  // records whose MAC does not hold, or that changed too fast: left as they are
};

// Seals anew, under the key in use, every record and file that another key sealed, audit records excepted. Beside
// running servers; what they change meanwhile wins. Stopped at any point it has done a part, and the next run does the
// rest. Fails as the medium does.
Result<Resealing> reseal_records(storage::Medium& medium, const secrets::Secrets& secrets, const Progress& progress);

}  // namespace countersign::auth::upkeep
