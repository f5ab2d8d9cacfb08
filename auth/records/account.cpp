#include "auth/records/account.hpp"

#include <algorithm>

#include "auth/base/account_id.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::string_view kFolder = "users/";
constexpr std::string_view kEnding = ".account";
constexpr EnumNames<AccountState::active, AccountState::deleted> kStates("active", "revoked", "deleted");
constexpr EnumNames<PasswordScheme::none, PasswordScheme::lthn> kSchemes("none", "argon2id", "lthn");
constexpr EnumNames<AccountPart::certificate, AccountPart::legacy_password> kEndings("pub", "key", "rev", "json",
                                                                                     "hash", "lthn");

Result<FormerKey> parse_former_key(const Json& json) {
  JsonReader reader(json);
  FormerKey key;
  key.fingerprint = TRY(Fingerprint::parse(TRY(reader.text("fingerprint"))));
  key.from = TRY(reader.time("from"));
  key.until = TRY(reader.time("until"));
  key.reason = TRY(reader.text("reason"));
  TRY(reader.finish());
  return key;
}

std::string_view ending_of(AccountPart part) {
  return kEndings.of(part);
}

Result<std::map<AccountPart, std::string>> parse_parts(const Json& json) {
  constexpr std::size_t kDigestDigits = 64;
  JsonReader reader(json);
  std::map<AccountPart, std::string> parts;
  for (const AccountPart part : kAccountParts) {
    std::string digest = TRY(reader.text_or(ending_of(part), ""));
    if (digest.empty()) continue;
    if (!is_lower_hex(digest, kDigestDigits)) return fail(ErrorCode::malformed_message, "no SHA-256");
    parts.emplace(part, std::move(digest));
  }
  TRY(reader.finish());
  return parts;
}

Json write_parts(const std::map<AccountPart, std::string>& parts) {
  Json json = Json::object();
  for (const auto& [part, digest] : parts) json.set(std::string(ending_of(part)), digest);
  return json;
}

// The scheme is written out, so that a reader need not infer it; what disagrees with the records is not understood.
Status parse_password(JsonReader& reader, Account& account) {
  const std::string scheme = TRY(reader.text_or("password", name_of(PasswordScheme::none)));
  account.pepper_key = TRY(reader.text_or_null("pepper"));
  const bool both =
      account.parts.contains(AccountPart::password) && account.parts.contains(AccountPart::legacy_password);
  if (both || scheme != name_of(password_scheme_of(account))) return fail(ErrorCode::malformed_message, "password");
  if (!account.pepper_key.empty() && password_scheme_of(account) != PasswordScheme::argon2id) {
    return fail(ErrorCode::malformed_message, "pepper");
  }
  return ok();
}

Result<Account> parse_account_members(const Json& json) {
  JsonReader reader(json);
  TRY(secrets::check_record_version(reader));
  Account account;
  account.id = TRY(reader.text("account"));
  TRY(check_account_id(account.id));
  account.username = TRY(reader.text_or_null("username"));
  const auto state = account_state_named(TRY(reader.text("state")));
  if (!state) return fail(ErrorCode::malformed_message, "unknown state");
  account.state = *state;
  const std::int64_t epoch = TRY(reader.integer("epoch"));
  if (epoch < 0) return fail(ErrorCode::malformed_message, "epoch");
  account.epoch = static_cast<std::uint64_t>(epoch);
  account.fingerprint = TRY(Fingerprint::parse(TRY(reader.text("fingerprint"))));
  account.key_since = TRY(reader.time("key_since"));
  account.encryption_algorithm = TRY(reader.text("encryption_algorithm"));
  account.show_key_id = TRY(reader.boolean_or("show_key_id", false));
  account.managed = TRY(reader.boolean_or("managed", false));
  account.profile = TRY(parse_profile(reader));
  const Json former = reader.take("former_keys");
  if (former.items() == nullptr) return fail(ErrorCode::malformed_message, "former_keys");
  for (const Json& key : *former.items()) account.former_keys.push_back(TRY(parse_former_key(key)));
  account.created_at = TRY(reader.time("created_at"));
  account.parts = TRY(parse_parts(reader.take("records")));
  TRY(parse_password(reader, account));
  // Of a deleted account its record alone is left.
  if (account.state != AccountState::deleted && !account.parts.contains(AccountPart::certificate)) {
    return fail(ErrorCode::malformed_message, "records");
  }
  TRY(reader.finish());
  return account;
}

}  // namespace

std::string_view name_of(AccountState state) {
  return kStates.of(state);
}

std::optional<AccountState> account_state_named(std::string_view name) {
  return kStates.find(name);
}

std::string_view name_of(PasswordScheme scheme) {
  return kSchemes.of(scheme);
}

void note_former_key(Account& account, FormerKey key) {
  account.former_keys.push_back(std::move(key));
  if (account.former_keys.size() > kFormerKeysMax) account.former_keys.erase(account.former_keys.begin());
}

PasswordScheme password_scheme_of(const Account& account) {
  if (account.parts.contains(AccountPart::password)) return PasswordScheme::argon2id;
  if (account.parts.contains(AccountPart::legacy_password)) return PasswordScheme::lthn;
  return PasswordScheme::none;
}

Json write_account(const Account& account) {
  const PasswordScheme scheme = password_scheme_of(account);
  const bool peppered = scheme == PasswordScheme::argon2id && !account.pepper_key.empty();
  Json former = Json::array();
  for (const FormerKey& key : account.former_keys) {
    former.push(Json::object()
                    .set("fingerprint", key.fingerprint.upper())
                    .set("from", format_time(key.from))
                    .set("until", format_time(key.until))
                    .set("reason", key.reason));
  }
  Json json = Json::object()
                  .set("version", 1)
                  .set("account", account.id)
                  .set("username", account.username.empty() ? Json() : Json(account.username))
                  .set("state", name_of(account.state))
                  .set("epoch", static_cast<std::int64_t>(account.epoch))
                  .set("fingerprint", account.fingerprint.upper())
                  .set("key_since", format_time(account.key_since))
                  .set("encryption_algorithm", account.encryption_algorithm)
                  .set("show_key_id", account.show_key_id)
                  .set("managed", account.managed)
                  .set("former_keys", std::move(former))
                  .set("created_at", format_time(account.created_at))
                  .set("records", write_parts(account.parts))
                  .set("password", name_of(scheme))
                  .set("pepper", peppered ? Json(account.pepper_key) : Json());
  write_profile(account.profile, json);
  return json;
}

std::optional<std::string> pepper_key_named_in(std::string_view name, ByteView bytes) {
  if (!account_named_in(name)) return std::nullopt;
  const auto record = parse_json(as_text(bytes));
  const Json* pepper = record && record->members() != nullptr ? record->find("pepper") : nullptr;
  if (pepper == nullptr || pepper->string() == nullptr || pepper->string()->empty()) return std::nullopt;
  return *pepper->string();
}

Result<Account> parse_account(const Json& json) {
  return secrets::understood("account record", parse_account_members(json));
}

std::string account_name(std::string_view id) {
  return std::string(kFolder) + std::string(id) + std::string(kEnding);
}
std::optional<std::string> account_named_in(std::string_view name) {
  if (!name.starts_with(kFolder) || !name.ends_with(kEnding)) return std::nullopt;
  return std::string(name.substr(kFolder.size(), name.size() - kFolder.size() - kEnding.size()));
}
std::string part_name(std::string_view id, AccountPart part) {
  return std::string(kFolder) + std::string(id) + "." + std::string(ending_of(part));
}
bool is_part_name(std::string_view name) {
  return name.starts_with(kFolder) && kEndings.find(name.substr(std::min(name.size(), name.rfind('.') + 1)));
}
std::string seen_name(std::string_view id) {
  return std::string(kFolder) + std::string(id) + ".seen";
}
std::string key_name(const Fingerprint& fingerprint) {
  return "keys/" + fingerprint.lower();
}
std::string held_name(const Fingerprint& fingerprint) {
  return "held/" + fingerprint.lower();
}

Status judge_account(const Account& account, std::uint64_t epoch) {
  if (account.state != AccountState::active) {
    return fail(ErrorCode::account_not_active, std::string(name_of(account.state)));
  }
  if (account.epoch != epoch) return fail(ErrorCode::epoch_passed);
  return ok();
}

}  // namespace countersign::auth::records
