// The server's OpenPGP secret key as files of the secrets folder.
//
//   server.key                  the present one, armored
//   server-<fingerprint>.key    another, lower-case hex: beside it while the key is being replaced
//
// Which of them is the present one is not for the files to say but for the identity record. So a new key is written
// under its own name first; then the record is committed, which makes it the present one; then it takes the name
// server.key. Whatever stops in between, the key that the record names is there.
#pragma once

#include <filesystem>

#include "auth/base/fingerprint.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::secrets {

std::filesystem::path server_key_file(const std::filesystem::path& folder);
std::filesystem::path server_key_file(const std::filesystem::path& folder, const Fingerprint& key);

// The armored text of the key of that fingerprint: from the file that bears its name, else server.key, whosever that
// is. not_found, startup_refused (mode, owner, kind), storage_unavailable.
Result<Secret> read_server_key(const std::filesystem::path& folder, const Fingerprint& key);

// Under its own name; durable when it returns. storage_unavailable.
Status write_server_key(const std::filesystem::path& folder, const Fingerprint& key, const Secret& armored);

// The key of that fingerprint takes the name server.key, where it does not have it yet; every other key of the server
// is overwritten and removed. To be called with the lock, and once the record names the key. storage_unavailable.
Status settle_server_key(const std::filesystem::path& folder, const Fingerprint& key);

}  // namespace countersign::auth::secrets
