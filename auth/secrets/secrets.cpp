#include "auth/secrets/secrets.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <tuple>

#include "auth/secrets/private_file.hpp"
#include "auth/secrets/server_key_file.hpp"

namespace countersign::auth::secrets {
namespace {

const SecretKey* find_key(const std::vector<SecretKey>& keys, std::string_view id) {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const SecretKey& key) { return key.id == id; });
  return found == keys.end() ? nullptr : &*found;
}

void sort_by_age(std::vector<SecretKey>& keys) {
  std::sort(keys.begin(), keys.end(), [](const SecretKey& a, const SecretKey& b) {
    return std::tie(a.from, a.created_at, a.id) < std::tie(b.from, b.created_at, b.id);
  });
}

std::string_view chain_of(std::string_view record_name) {
  return record_name.substr(0, record_name.rfind('/') + 1);
}

}  // namespace

std::size_t index_in_use(const std::vector<SecretKey>& family, Instant now) {
  std::size_t index = 0;
  while (index + 1 < family.size() && family[index + 1].from <= now) ++index;
  return index;
}

Status Secrets::create(const std::filesystem::path& folder, Rng& rng, Instant now, const Secret& server_key_armored) {
  TRY(make_private_folder(folder));
  std::error_code error;
  if (!std::filesystem::is_empty(folder, error) || error) {
    return fail(ErrorCode::conflict, folder.string() + " is not empty");
  }
  for (const SecretFamily family : {SecretFamily::seal, SecretFamily::record, SecretFamily::decoy}) {
    const SecretKey key = TRY(make_secret_key(rng, now, now));
    TRY(write_secret_file(folder, family, key));
  }
  if (server_key_armored.empty()) return ok();
  return write_private_file(server_key_file(folder), server_key_armored.reveal());
}

Result<Secrets> Secrets::load_families(const std::filesystem::path& folder, Instant now) {
  TRY(check_private_folder(folder));
  Secrets secrets;
  secrets.folder_ = folder;
  secrets.files_ = TRY(list_secret_files(folder));
  for (const SecretFamily family : kSecretFamilies) secrets.families_[family];
  for (const std::string& name : secrets.files_) {
    const auto parsed = parse_secret_file_name(name);
    secrets.families_[parsed->first].push_back(TRY(read_secret_file(folder, parsed->first, parsed->second)));
  }
  for (auto& [family, keys] : secrets.families_) sort_by_age(keys);
  const auto& seal = secrets.family(SecretFamily::seal);
  const auto& record = secrets.family(SecretFamily::record);
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::startup_refused,
                folder.string() + " " + std::string(why) + "; put back the copy of it that goes with the store");
  };
  if (seal.empty()) return refuse("lacks a seal key");
  if (record.empty()) return refuse("lacks a record key");
  const std::size_t decoys = secrets.family(SecretFamily::decoy).size();
  if (decoys != 1) return refuse(decoys == 0 ? "lacks the decoy key" : "holds more than one decoy key");
  secrets.sealing_ = index_in_use(seal, now);
  secrets.recording_ = index_in_use(record, now);
  return secrets;
}

Result<Secrets> Secrets::load(const std::filesystem::path& folder, Instant now) {
  Secrets secrets = TRY(load_families(folder, now));
  auto server_key = read_private_file(server_key_file(folder));
  if (!server_key && server_key.error().code != ErrorCode::not_found) {
    return fail(ErrorCode::startup_refused, "the server's secret key: " + server_key.error().detail);
  }
  if (server_key) secrets.server_key_ = *std::move(server_key);
  return secrets;
}

Result<Secrets> Secrets::load_without_server_key(const std::filesystem::path& folder, Instant now) {
  Secrets secrets = TRY(load_families(folder, now));
  std::error_code error;
  const bool there = std::filesystem::exists(std::filesystem::symlink_status(server_key_file(folder), error));
  if (!there && (!error || error == std::errc::no_such_file_or_directory)) return secrets;
  return fail(ErrorCode::startup_refused, server_key_file(folder).string() +
                                              " is there, though the settings say that the server's key lives in a "
                                              "GnuPG home; take away the one that is not meant");
}

Result<bool> Secrets::is_current(Instant now) const {
  // A clock that was set back leaves in use what is in use.
  if (index_in_use(family(SecretFamily::seal), now) > sealing_) return false;
  if (index_in_use(family(SecretFamily::record), now) > recording_) return false;
  return TRY(list_secret_files(folder_)) == files_;
}

const SecretKey* Secrets::find_seal_key(std::string_view id) const {
  return find_key(family(SecretFamily::seal), id);
}

const SecretKey* Secrets::find_record_key(std::string_view id) const {
  return find_key(family(SecretFamily::record), id);
}

const SecretKey* Secrets::find_key_of_record(std::string_view id, std::string_view record_name) const {
  if (const SecretKey* key = find_record_key(id)) return key;
  const SecretKey* key = find_key(family(SecretFamily::audit), id);
  if (key == nullptr) return nullptr;
  // Numbers are of one width, so names of one chain compare as their numbers do.
  const bool known = std::any_of(key->last.begin(), key->last.end(), [&](const std::string& last) {
    return chain_of(last) == chain_of(record_name) && record_name.size() == last.size() && record_name <= last;
  });
  return known ? key : nullptr;
}

}  // namespace countersign::auth::secrets
