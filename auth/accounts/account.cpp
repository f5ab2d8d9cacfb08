#include "auth/accounts/account.hpp"

#include "auth/accounts/account_id.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth {
namespace {

Result<FormerKey> parse_former_key(const Json& json) {
  JsonReader reader(json);
  FormerKey key;
  key.fingerprint = TRY(openpgp::Fingerprint::parse(TRY(reader.text("fingerprint"))));
  key.from = TRY(reader.time("from"));
  key.until = TRY(reader.time("until"));
  key.reason = TRY(reader.text("reason"));
  TRY(reader.finish());
  return key;
}

Result<Account> parse_members(const Json& json) {
  JsonReader reader(json);
  TRY(check_record_version(reader));
  Account account;
  account.id = TRY(reader.text("account"));
  TRY(check_account_id(account.id));
  account.username = TRY(reader.text_or("username", ""));
  const auto state = account_state_named(TRY(reader.text("state")));
  if (!state) return fail(ErrorCode::malformed_message, "unknown state");
  account.state = *state;
  const std::int64_t epoch = TRY(reader.integer("epoch"));
  if (epoch < 0) return fail(ErrorCode::malformed_message, "epoch");
  account.epoch = static_cast<std::uint64_t>(epoch);
  account.fingerprint = TRY(openpgp::Fingerprint::parse(TRY(reader.text("fingerprint"))));
  account.key_since = TRY(reader.time("key_since"));
  account.encryption_algorithm = TRY(reader.text("encryption_algorithm"));
  account.show_key_id = TRY(reader.boolean_or("show_key_id", false));
  const Json former = reader.take("former_keys");
  if (former.items() == nullptr) return fail(ErrorCode::malformed_message, "former_keys");
  for (const Json& key : *former.items()) account.former_keys.push_back(TRY(parse_former_key(key)));
  account.created_at = TRY(reader.time("created_at"));
  const Json records = reader.take("records");
  JsonReader hashes(records);
  account.certificate_sha256 = TRY(hashes.text("pub"));
  TRY(hashes.finish());
  TRY(reader.finish());
  return account;
}

}  // namespace

std::string_view name_of(AccountState state) {
  switch (state) {
    case AccountState::active:
      return "active";
    case AccountState::revoked:
      return "revoked";
    case AccountState::deleted:
      return "deleted";
  }
  return "";
}

std::optional<AccountState> account_state_named(std::string_view name) {
  for (const AccountState state : {AccountState::active, AccountState::revoked, AccountState::deleted}) {
    if (name_of(state) == name) return state;
  }
  return std::nullopt;
}

Json write_account(const Account& account) {
  Json former = Json::array();
  for (const FormerKey& key : account.former_keys) {
    former.push(Json::object()
                    .set("fingerprint", key.fingerprint.upper())
                    .set("from", format_time(key.from))
                    .set("until", format_time(key.until))
                    .set("reason", key.reason));
  }
  return Json::object()
      .set("version", 1)
      .set("account", account.id)
      .set("username", account.username.empty() ? Json() : Json(account.username))
      .set("state", name_of(account.state))
      .set("epoch", static_cast<std::int64_t>(account.epoch))
      .set("fingerprint", account.fingerprint.upper())
      .set("key_since", format_time(account.key_since))
      .set("encryption_algorithm", account.encryption_algorithm)
      .set("show_key_id", account.show_key_id)
      .set("former_keys", std::move(former))
      .set("created_at", format_time(account.created_at))
      .set("records", Json::object().set("pub", account.certificate_sha256));
}

Result<Account> parse_account(const Json& json) {
  return understood("account record", parse_members(json));
}

std::string account_name(std::string_view id) {
  return "users/" + std::string(id) + ".account";
}
std::string certificate_name(std::string_view id) {
  return "users/" + std::string(id) + ".pub";
}
std::string seen_name(std::string_view id) {
  return "users/" + std::string(id) + ".seen";
}
std::string key_name(const openpgp::Fingerprint& fingerprint) {
  return "keys/" + fingerprint.lower();
}
std::string held_name(const openpgp::Fingerprint& fingerprint) {
  return "held/" + fingerprint.lower();
}

Status judge_account(const Account& account, std::uint64_t epoch) {
  if (account.state != AccountState::active) {
    return fail(ErrorCode::account_not_active, std::string(name_of(account.state)));
  }
  if (account.epoch != epoch) return fail(ErrorCode::epoch_passed);
  return ok();
}

}  // namespace countersign::auth
