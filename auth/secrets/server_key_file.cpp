#include "auth/secrets/server_key_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <vector>

#include "auth/secrets/private_file.hpp"
#include "storage/base/text.hpp"
#include "storage/new_file.hpp"

namespace countersign::auth::secrets {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBefore = "server-";
constexpr std::string_view kAfter = ".key";

tl::unexpected<Error> key_file_failure(const fs::path& path) {
  return fail(ErrorCode::storage_unavailable, path.string() + ": " + std::strerror(errno));
}

bool is_named_key(const std::string& name) {
  constexpr std::size_t kDigits = 2 * Fingerprint::kBytes;
  return name.size() == kBefore.size() + kDigits + kAfter.size() && name.starts_with(kBefore) &&
         name.ends_with(kAfter) && is_lower_hex(std::string_view(name).substr(kBefore.size(), kDigits), kDigits);
}

}  // namespace

fs::path server_key_file(const fs::path& folder) {
  return folder / "server.key";
}

fs::path server_key_file(const fs::path& folder, const Fingerprint& key) {
  return folder / (std::string(kBefore) + key.lower() + std::string(kAfter));
}

Result<Secret> read_server_key(const fs::path& folder, const Fingerprint& key) {
  auto named = read_private_file(server_key_file(folder, key));
  if (named || named.error().code != ErrorCode::not_found) return named;
  return read_private_file(server_key_file(folder));
}

Status write_server_key(const fs::path& folder, const Fingerprint& key, const Secret& armored) {
  return write_private_file(server_key_file(folder, key), armored.reveal());
}

Status settle_server_key(const fs::path& folder, const Fingerprint& key) {
  const fs::path present = server_key_file(folder, key);
  std::error_code error;
  if (fs::exists(fs::symlink_status(present, error))) {
    TRY(overwrite_private_file(server_key_file(folder)));
    if (::rename(present.c_str(), server_key_file(folder).c_str()) != 0) return key_file_failure(present);
  }
  std::vector<fs::path> others;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (is_named_key(entry.path().filename().string())) others.push_back(entry.path());
  }
  if (error) return fail(ErrorCode::storage_unavailable, folder.string() + ": " + error.message());
  for (const fs::path& other : others) TRY(destroy_private_file(other));
  return storage::sync_folder(folder);
}

}  // namespace countersign::auth::secrets
