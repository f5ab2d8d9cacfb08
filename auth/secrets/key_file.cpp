#include "auth/secrets/key_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "auth/secrets/private_file.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/base/text.hpp"
#include "storage/medium.hpp"
#include "storage/new_file.hpp"

namespace countersign::auth::secrets {
namespace {

namespace fs = std::filesystem;

constexpr EnumNames<SecretFamily::seal, SecretFamily::decoy> kFamilies("seal", "record", "audit", "decoy");
constexpr std::string_view kVersion = "countersign-secret-v1";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kIdBytes = 8;
constexpr std::string_view kGone = ".gone";  // on its way out
constexpr std::string_view kNew = ".new";    // half written, by releases of old

Secret write_key(SecretFamily family, const SecretKey& key) {
  std::string encoded = base64url(key.key.reveal());
  std::string out;
  out.reserve(512 + key.last.size() * (storage::kNameBytesMax + 8));  // once: a growing string leaves copies behind
  out += kVersion;
  out += "\nfamily: ";
  out += name_of(family);
  out += "\nid: " + key.id + "\ncreated: " + format_time(key.created_at) + "\nfrom: " + format_time(key.from);
  for (const std::string& name : key.last) out += "\nlast: " + name;
  out += "\nkey: ";
  out += encoded;
  out += '\n';
  wipe(encoded);
  return Secret::take(out);
}

// The value of the next line where that is of this name.
std::optional<std::string_view> take_line(const std::vector<std::string_view>& lines, std::size_t& next,
                                          std::string_view name) {
  if (next >= lines.size() || !lines[next].starts_with(name)) return std::nullopt;
  const std::string_view rest = lines[next].substr(name.size());
  if (!rest.starts_with(": ")) return std::nullopt;
  ++next;
  return rest.substr(2);
}

std::optional<SecretKey> parse_key(SecretFamily family, std::string_view id, std::string_view text) {
  const auto lines = split_lines(text);
  if (!text.ends_with('\n')) return std::nullopt;
  std::size_t next = 1;
  if (take_line(lines, next, "family") != name_of(family) || take_line(lines, next, "id") != id) return std::nullopt;
  SecretKey out;
  out.id = id;
  const auto created = parse_time(take_line(lines, next, "created").value_or(""));
  if (!created) return std::nullopt;
  out.created_at = *created;
  out.from = *created;
  if (const auto line = take_line(lines, next, "from")) {
    const auto from = parse_time(*line);
    if (!from) return std::nullopt;
    out.from = *from;
  }
  while (family == SecretFamily::audit) {
    const auto name = take_line(lines, next, "last");
    if (!name) break;
    if (!name->starts_with("audit/") || !storage::check_name(*name)) return std::nullopt;
    out.last.emplace_back(*name);
  }
  auto key = from_base64url(take_line(lines, next, "key").value_or(""));
  if (!key || key->size() != kKeyBytes || next != lines.size()) return std::nullopt;
  out.key = Secret::take(*key);
  return out;
}

}  // namespace

std::string_view name_of(SecretFamily family) {
  return kFamilies.of(family);
}

std::optional<SecretFamily> secret_family_named(std::string_view name) {
  return kFamilies.find(name);
}

Result<SecretKey> make_secret_key(Rng& rng, Instant now, Instant from) {
  SecretKey key;
  key.id = hex(TRY(random_bytes(rng, kIdBytes)));
  key.created_at = now;
  key.from = from;
  key.key = TRY(random_secret(rng, kKeyBytes));
  return key;
}

std::string secret_file_name(SecretFamily family, std::string_view id) {
  return std::string(name_of(family)) + "-" + std::string(id);
}

std::optional<std::pair<SecretFamily, std::string>> parse_secret_file_name(const std::string& name) {
  const auto dash = name.find('-');
  if (dash == std::string::npos || !is_lower_hex(std::string_view(name).substr(dash + 1), 2 * kIdBytes)) {
    return std::nullopt;
  }
  const auto family = secret_family_named(std::string_view(name).substr(0, dash));
  if (!family) return std::nullopt;
  return std::pair(*family, name.substr(dash + 1));
}

Result<std::vector<std::string>> list_secret_files(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (parse_secret_file_name(name)) names.push_back(name);
  }
  if (error) return fail(ErrorCode::startup_refused, folder.string() + ": " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Result<SecretKey> read_secret_file(const fs::path& folder, SecretFamily family, std::string_view id) {
  const std::string name = secret_file_name(family, id);
  const auto text = read_private_file(folder / name);
  if (!text) return fail(ErrorCode::startup_refused, text.error().detail);
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::startup_refused, "the secret " + (folder / name).string() + " " + std::string(why));
  };
  const auto first = split_lines(text->reveal_text());
  const bool is_whole = text->reveal_text().ends_with('\n');
  if (is_whole && !first.empty() && first.front() != kVersion) return refuse("is of an unknown version");
  auto key = parse_key(family, id, text->reveal_text());
  if (!key) return refuse("is damaged; put it back from the copy of `secrets` that goes with the store");
  return *std::move(key);
}

Status write_secret_file(const fs::path& folder, SecretFamily family, const SecretKey& key) {
  return write_private_file(folder / secret_file_name(family, key.id), write_key(family, key).reveal());
}

Status destroy_secret_file(const fs::path& folder, SecretFamily family, std::string_view id) {
  const fs::path file = folder / secret_file_name(family, id);
  const fs::path gone = file.string() + std::string(kGone);
  if (::rename(file.c_str(), gone.c_str()) != 0) {
    return fail(ErrorCode::storage_unavailable, file.string() + ": " + std::strerror(errno));
  }
  TRY(storage::sync_folder(folder));
  return destroy_private_file(gone);
}

Status sweep_secret_files(const fs::path& folder) {
  std::vector<fs::path> left;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto unfinished = storage::name_of_unfinished(name);
    if (unfinished && parse_secret_file_name(std::string(*unfinished))) left.push_back(entry->path());
    for (const std::string_view ending : {kGone, kNew}) {
      if (!name.ends_with(ending)) continue;
      if (parse_secret_file_name(name.substr(0, name.size() - ending.size()))) left.push_back(entry->path());
    }
  }
  if (error) return fail(ErrorCode::storage_unavailable, folder.string() + ": " + error.message());
  for (const fs::path& file : left) TRY(destroy_private_file(file));
  return ok();
}

}  // namespace countersign::auth::secrets
