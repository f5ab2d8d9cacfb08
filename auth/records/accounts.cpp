#include "auth/records/accounts.hpp"

#include "auth/base/account_id.hpp"
#include "storage/base/hash.hpp"

namespace countersign::auth::records {
namespace {
constexpr std::string_view kUsers = "users/";
const std::string kNobody(64, '0');

Account make_nobody() {
  Account nobody;
  nobody.id = kNobody;
  nobody.username = "nobody";
  nobody.encryption_algorithm = "ECDH";
  for (const AccountPart part : {AccountPart::certificate, AccountPart::metadata, AccountPart::password}) {
    nobody.parts[part] = hex(sha256({}));
  }
  return nobody;
}
}  // namespace

Accounts::Accounts(storage::Medium& medium, const secrets::RecordSeal& seal)
    : medium_(medium), seal_(seal), nobody_(seal.close(account_name(kNobody), write_account(make_nobody()))) {}

Result<std::string> resolve(const AccountName& name) {
  if (name.username.empty() == name.account.empty()) {
    return fail(ErrorCode::malformed_message, "name the account by 'username' or by 'account'");
  }
  if (!name.account.empty()) {
    TRY(check_account_id(name.account));
    return name.account;
  }
  TRY(check_username(name.username));
  return account_id_of(name.username);
}

Result<std::optional<StoredAccount>> Accounts::find(std::string_view id) {
  TRY(check_account_id(id));
  const std::string name = account_name(id);
  const auto entry = TRY(find_record(medium_, seal_, name));
  if (!entry) {
    // For the time it takes alone (S28).
    TRY(parse_account(TRY(seal_.open(account_name(kNobody), nobody_))));
    return std::optional<StoredAccount>();
  }
  StoredAccount stored{TRY(parse_account(entry->record)), entry->version};
  if (stored.account.id != id) return fail(ErrorCode::record_tampered, name + " speaks of another account");
  return std::optional<StoredAccount>(std::move(stored));
}

Result<AccountView> Accounts::show(std::string_view id) {
  auto stored = TRY(find(id));
  if (!stored) return fail(ErrorCode::not_found, "no such account");
  const auto at = TRY(last_login(id));
  return AccountView{std::move(stored->account), at};
}

Status Accounts::judge_unmoved(const StoredAccount& stored) {
  const std::string name = account_name(stored.account.id);
  const auto again = TRY(storage::find(medium_, name));
  if (!again || again->version != stored.version) return fail(ErrorCode::conflict, name);
  return ok();
}

Result<std::optional<Bytes>> Accounts::read_part(const StoredAccount& stored, AccountPart part) {
  const auto sealed = stored.account.parts.find(part);
  if (sealed == stored.account.parts.end()) return std::optional<Bytes>();
  const std::string name = part_name(stored.account.id, part);
  auto entry = TRY(storage::find(medium_, name));
  if (!entry || hex(sha256(entry->bytes)) != sealed->second) {
    TRY(judge_unmoved(stored));  // two reads are no snapshot
    return fail(ErrorCode::record_tampered, name + " is not what the account record seals");
  }
  return std::optional<Bytes>(std::move(entry->bytes));
}

Result<openpgp::gate::GatedCertificate> Accounts::certificate_of(const StoredAccount& stored) {
  const auto bytes = TRY(read_part(stored, AccountPart::certificate));
  const std::string name = part_name(stored.account.id, AccountPart::certificate);
  if (!bytes) return fail(ErrorCode::record_unreadable, name);
  auto certificate = openpgp::gate::admit_certificate(as_text(*bytes), openpgp::gate::kCertificateReadBytesMax);
  if (!certificate || certificate->fingerprint() != stored.account.fingerprint) {
    return fail(ErrorCode::record_unreadable, name);
  }
  return certificate;
}

Status Accounts::read_in_vain(std::string_view id, ErrorCode denial, AccountPart part) {
  const bool unknown = denial == ErrorCode::account_unknown;
  if (unknown) TRY(storage::find(medium_, part_name(id, AccountPart::revocation)));
  if (unknown || denial == ErrorCode::account_not_active || denial == ErrorCode::password_unset) {
    TRY(storage::find(medium_, part_name(id, part)));
  }
  return ok();
}

Result<std::vector<std::string>> Accounts::list(std::string_view after, std::size_t limit) {
  std::vector<std::string> ids;
  if (limit == 0) return ids;
  const auto take = [&](const std::string& name) -> Result<bool> {
    if (auto id = account_named_in(name)) ids.push_back(*std::move(id));
    return ids.size() < limit;
  };
  TRY(storage::visit_names(medium_, kUsers, after.empty() ? "" : account_name(after), take));
  return ids;
}

Result<std::string> Accounts::holder_of(const Fingerprint& fingerprint) {
  const std::string name = key_name(fingerprint);
  const auto entry = TRY(find_record(medium_, seal_, name));
  if (!entry) return std::string();
  JsonReader reader(entry->record);
  const auto parse = [&]() -> Result<std::string> {
    TRY(secrets::check_record_version(reader));
    return reader.text("account");
  };
  return secrets::understood(name, parse());
}

Result<std::optional<Instant>> Accounts::last_login(std::string_view id) {
  const auto entry = TRY(find_record(medium_, seal_, seen_name(id)));
  if (!entry) return std::optional<Instant>();
  const Json* at = entry->record.find("last_login");
  const auto instant = at == nullptr || at->string() == nullptr ? std::nullopt : parse_time(*at->string());
  if (!instant) return fail(ErrorCode::record_unreadable, seen_name(id));
  return instant;
}

void Accounts::stage_key(storage::Batch& batch, Account& account, const openpgp::gate::GatedCertificate& certificate) {
  account.fingerprint = certificate.fingerprint();
  const std::string key = key_name(account.fingerprint);
  batch.require_absent(key);
  batch.put(key, seal_.close(key, Json::object().set("version", 1).set("account", account.id)));
  stage_part(batch, account, AccountPart::certificate, as_bytes(certificate.armored()));
}

void Accounts::stage_new(storage::Batch& batch, Account account, const openpgp::gate::GatedCertificate& certificate) {
  stage_key(batch, account, certificate);
  const std::string name = account_name(account.id);
  batch.put(name, seal_.close(name, write_account(account)));
}

void Accounts::stage_part(storage::Batch& batch, Account& account, AccountPart part, ByteView bytes) {
  account.parts[part] = hex(sha256(bytes));
  batch.put(part_name(account.id, part), bytes);
}

void Accounts::stage_no_part(storage::Batch& batch, Account& account, AccountPart part) {
  account.parts.erase(part);
  batch.erase(part_name(account.id, part));
}

bool Accounts::stage_username(storage::Batch& batch, Account& account, std::string_view username) {
  if (!account.username.empty() || username.empty() || account_id_of(username) != account.id) return false;
  account.username = username;
  stage_no_part(batch, account, AccountPart::metadata);
  return true;
}

void Accounts::stage_change(storage::Batch& batch, const StoredAccount& over, const Account& account) {
  const std::string name = account_name(account.id);
  batch.require_version(name, over.version);
  batch.put(name, seal_.close(name, write_account(account)));
}

void Accounts::stage_tombstone(storage::Batch& batch, Account& account, Instant at) {
  if (account.state == AccountState::active) batch.erase(key_name(account.fingerprint));
  note_former_key(account, {account.fingerprint, account.key_since, at, "no_longer_valid"});
  account.state = AccountState::deleted;
  account.username.clear();
  account.managed = false;
  account.profile = {};
  for (const AccountPart part : kAccountParts) stage_no_part(batch, account, part);
  batch.erase(seen_name(account.id));
}

void Accounts::stage_seen(storage::Batch& batch, std::string_view id, Instant at) {
  const std::string name = seen_name(id);
  batch.put(name, seal_.close(name, Json::object().set("version", 1).set("last_login", format_time(at))));
}

}  // namespace countersign::auth::records
