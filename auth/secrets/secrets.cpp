#include "auth/secrets/secrets.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <tuple>

#include "auth/secrets/private_file.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth {
namespace {

constexpr std::string_view kVersion = "countersign-secret-v1";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kIdBytes = 8;
constexpr const char* kServerKeyFile = "server.key";
constexpr std::array<std::string_view, 3> kFamilies = {"seal", "record", "decoy"};

Secret write_key_file(std::string_view family, const SecretKey& key) {
  std::string encoded = base64url(key.key.reveal());
  std::string out;
  out.reserve(256);  // once: a growing string would leave copies behind
  out += kVersion;
  out += "\nfamily: ";
  out += family;
  out += "\nid: " + key.id + "\ncreated: " + format_time(key.created_at) + "\nkey: ";
  out += encoded;
  out += '\n';
  wipe(encoded);
  return Secret::take(out);
}

Result<SecretKey> parse_key_file(std::string_view family, std::string_view id, std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::startup_refused,
                "the secret " + std::string(family) + "-" + std::string(id) + ": " + std::string(why));
  };
  const auto lines = split_lines(text);
  if (lines.size() != 5 || !text.ends_with('\n')) return refuse("malformed");
  if (lines[0] != kVersion) return refuse("of an unknown version");
  if (lines[1] != "family: " + std::string(family) || lines[2] != "id: " + std::string(id) ||
      !lines[3].starts_with("created: ") || !lines[4].starts_with("key: ")) {
    return refuse("malformed");
  }
  const auto created = parse_time(lines[3].substr(9));
  auto key = from_base64url(lines[4].substr(5));
  if (!created || !key || key->size() != kKeyBytes) return refuse("malformed");
  return SecretKey{std::string(id), *created, Secret::take(*key)};
}

const SecretKey* find_key(const std::vector<SecretKey>& keys, std::string_view id) {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const SecretKey& key) { return key.id == id; });
  return found == keys.end() ? nullptr : &*found;
}

void sort_by_age(std::vector<SecretKey>& keys) {
  std::sort(keys.begin(), keys.end(), [](const SecretKey& a, const SecretKey& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
}

}  // namespace

Status Secrets::create(const std::filesystem::path& folder, Rng& rng, Instant now, const Secret& server_key_armored) {
  TRY(make_private_folder(folder));
  std::error_code error;
  if (!std::filesystem::is_empty(folder, error) || error) {
    return fail(ErrorCode::conflict, folder.string() + " is not empty");
  }
  for (const std::string_view family : kFamilies) {
    const Bytes id = TRY(random_bytes(rng, kIdBytes));
    // Not within the braces: g++ 12 forgets to destroy the members before it when TRY returns from there.
    Secret material = TRY(random_secret(rng, kKeyBytes));
    const SecretKey key{hex(id), now, std::move(material)};
    TRY(write_private_file(folder / (std::string(family) + "-" + key.id), write_key_file(family, key).reveal()));
  }
  if (server_key_armored.empty()) return ok();
  return write_private_file(folder / kServerKeyFile, server_key_armored.reveal());
}

Result<Secrets> Secrets::load_families(const std::filesystem::path& folder) {
  TRY(check_private_folder(folder));
  Secrets secrets;
  std::vector<SecretKey> decoys;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const auto dash = name.find('-');
    if (dash == std::string::npos || !is_lower_hex(std::string_view(name).substr(dash + 1), 2 * kIdBytes)) continue;
    const std::string family = name.substr(0, dash);
    if (std::find(kFamilies.begin(), kFamilies.end(), family) == kFamilies.end()) continue;
    const auto text = read_private_file(entry.path());
    if (!text) return fail(ErrorCode::startup_refused, text.error().detail);
    SecretKey key = TRY(parse_key_file(family, name.substr(dash + 1), text->reveal_text()));
    (family == "seal" ? secrets.seal_ : family == "record" ? secrets.record_ : decoys).push_back(std::move(key));
  }
  if (error) return fail(ErrorCode::startup_refused, folder.string() + ": " + error.message());
  if (secrets.seal_.empty() || secrets.record_.empty() || decoys.size() != 1) {
    return fail(ErrorCode::startup_refused,
                folder.string() + " lacks a seal or record key, or holds not exactly one decoy key");
  }
  secrets.decoy_ = std::move(decoys.front());
  sort_by_age(secrets.seal_);
  sort_by_age(secrets.record_);
  return secrets;
}

Result<Secrets> Secrets::load(const std::filesystem::path& folder) {
  Secrets secrets = TRY(load_families(folder));
  auto server_key = read_private_file(folder / kServerKeyFile);
  if (!server_key && server_key.error().code != ErrorCode::not_found) {
    return fail(ErrorCode::startup_refused, "the server's secret key: " + server_key.error().detail);
  }
  if (server_key) secrets.server_key_ = *std::move(server_key);
  return secrets;
}

Result<Secrets> Secrets::load_without_server_key(const std::filesystem::path& folder) {
  Secrets secrets = TRY(load_families(folder));
  std::error_code error;
  const bool there = std::filesystem::exists(std::filesystem::symlink_status(folder / kServerKeyFile, error));
  if (!there && (!error || error == std::errc::no_such_file_or_directory)) return secrets;
  return fail(ErrorCode::startup_refused, (folder / kServerKeyFile).string() +
                                              " is there, though the settings say that the server's key lives in a "
                                              "GnuPG home; take away the one that is not meant");
}

const SecretKey* Secrets::find_seal_key(std::string_view id) const {
  return find_key(seal_, id);
}
const SecretKey* Secrets::find_record_key(std::string_view id) const {
  return find_key(record_, id);
}

}  // namespace countersign::auth
