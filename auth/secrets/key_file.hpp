// One key of the server as a file of the secrets folder, `<family>-<id>`, mode 0600:
//
//   countersign-secret-v1
//   family: seal
//   id: 0123456789abcdef
//   created: 2026-11-21T17:20:00Z
//   from: 2026-11-21T17:25:00Z            absent in files of old: from `created` on
//   last: audit/cli/00000000000000000042  of the family audit alone: a line a chain
//   key: <base64url, 32 bytes>
//
// A key is in use from its `from` until the next of its family is. So a server loads a key before any server uses it,
// and nothing has to be said to it at that moment.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/base/rng.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::secrets {

enum class SecretFamily : std::uint8_t {
  seal,    // seals challenges
  record,  // MACs over records, and the pepper of passwords
  audit,   // was a record key once, and is good for the audit records that name it and for nothing else
  decoy,   // chooses decoys
};
inline constexpr SecretFamily kSecretFamilies[] = {SecretFamily::seal, SecretFamily::record, SecretFamily::audit,
                                                   SecretFamily::decoy};
std::string_view name_of(SecretFamily family);
std::optional<SecretFamily> secret_family_named(std::string_view name);

struct SecretKey {
  std::string id;  // 16 lower-case hex digits
  Instant created_at{};
  Instant from{};
  std::vector<std::string> last;  // the last record of each audit chain that names it
  Secret key;
};

// Fresh, from `from` on. entropy_unavailable.
Result<SecretKey> make_secret_key(Rng& rng, Instant now, Instant from);

std::string secret_file_name(SecretFamily family, std::string_view id);
// The family and id in the name of a file; nothing where it is no key's.
std::optional<std::pair<SecretFamily, std::string>> parse_secret_file_name(const std::string& name);
// The names of the files of keys, in byte order. startup_refused where the folder cannot be read.
Result<std::vector<std::string>> list_secret_files(const std::filesystem::path& folder);

// startup_refused, whatever is wrong with it.
Result<SecretKey> read_secret_file(const std::filesystem::path& folder, SecretFamily family, std::string_view id);
// Durable when it returns, and whole or not there at all. storage_unavailable.
Status write_secret_file(const std::filesystem::path& folder, SecretFamily family, const SecretKey& key);
// First it takes a name that is no key's, then it is overwritten and removed: wherever that stops, the folder loads.
// storage_unavailable.
Status destroy_secret_file(const std::filesystem::path& folder, SecretFamily family, std::string_view id);
// What writing or destroying left behind where it was stopped. To be called by whoever holds the lock of the keys.
// storage_unavailable.
Status sweep_secret_files(const std::filesystem::path& folder);

}  // namespace countersign::auth::secrets
