#include "auth/keys/revocation_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "auth/base/account_id.hpp"
#include "auth/proving/own_signature.hpp"
#include "auth/records/revocation_record.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::keys {
namespace {

constexpr std::string_view kVersion = "countersign-revocations-v1";
constexpr std::string_view kSignature = "-----BEGIN PGP SIGNATURE-----";
constexpr std::size_t kPage = 1000;
// What most keys are; a tombstone made here never had a certificate to ask.
constexpr const char* kUsualAlgorithm = "cv25519";

tl::unexpected<Error> refuse(std::string_view what) {
  return fail(ErrorCode::malformed_message, "the export: " + std::string(what));
}

// Takes `name: value`.
Result<std::string> value_of(std::string_view line, std::string_view name) {
  if (!line.starts_with(name) || !line.substr(name.size()).starts_with(": ")) return refuse(name);
  const std::string_view value = line.substr(name.size() + 2);
  if (value.empty() || has_unprintable(value)) return refuse(name);
  return std::string(value);
}

Result<std::int64_t> number_in(std::string_view digits) {
  const auto number = parse_number(digits);
  if (!number) return refuse("a number");
  return *number;
}

std::string write_line(const records::Withdrawal& line) {
  return fmt::format("{} {} {} {} {} {} {}\n", line.number, line.account, line.fingerprint.upper(), line.epoch,
                     name_of(line.what), line.reason, format_time(line.at));
}

// All but its number, which another store may have given it.
std::string content_of(records::Withdrawal line) {
  line.number = 0;
  return write_line(line);
}

Result<records::Withdrawal> parse_line(std::string_view text) {
  const auto words = split(text, ' ');
  if (words.size() != 7) return refuse("a line has seven words");
  records::Withdrawal out;
  out.number = TRY(number_in(words[0]));
  out.account = words[1];
  const auto fingerprint = Fingerprint::parse(words[2]);
  const std::int64_t epoch = TRY(number_in(words[3]));
  const auto what = records::withdrawn_named(words[4]);
  out.reason = words[5];
  const auto at = parse_time(words[6]);
  if (!check_account_id(out.account) || !fingerprint || fingerprint->upper() != words[2] || !what ||
      !records::is_revocation_reason(out.reason) || !at) {
    return refuse("line " + std::string(words[0]));
  }
  out.fingerprint = *fingerprint;
  out.epoch = static_cast<std::uint64_t>(epoch);
  out.what = *what;
  out.at = *at;
  return out;
}

bool withdraws_key(const records::Withdrawal& line) {
  return line.what == records::Withdrawn::revoked || line.what == records::Withdrawn::rotated;
}

// That the account once had it; since when is not known.
void note_key(records::Account& account, const records::Withdrawal& line) {
  const auto is_it = [&](const records::FormerKey& key) { return key.fingerprint == line.fingerprint; };
  if (account.fingerprint == line.fingerprint || !withdraws_key(line) ||
      std::any_of(account.former_keys.begin(), account.former_keys.end(), is_it)) {
    return;
  }
  note_former_key(account, {line.fingerprint, line.at, line.at, line.reason});
}

}  // namespace

std::string write_export(const RevocationExport& list) {
  std::string text =
      fmt::format("{}\nserver: {}\nserver-key: {}\nstore: {}\nmade: {}\ncount: {}\n", kVersion, list.server,
                  list.server_key.upper(), list.store, format_time(list.made_at), list.lines.size());
  for (const records::Withdrawal& line : list.lines) text += write_line(line);
  return text;
}

Result<RevocationExport> parse_export(std::string_view text) {
  const auto signature_at = text.find("\n" + std::string(kSignature));
  if (signature_at == std::string_view::npos) return refuse("there is no signature");
  RevocationExport out;
  out.signature = text.substr(signature_at + 1);
  const auto lines = split_lines(text.substr(0, signature_at + 1));
  if (lines.front() != kVersion) {
    if (lines.front().starts_with("countersign-revocations-")) {
      return fail(ErrorCode::unknown_version, std::string(lines.front()));
    }
    return refuse("not a list of revocations");
  }
  if (lines.size() < 6) return refuse("too short");
  out.server = TRY(value_of(lines[1], "server"));
  const std::string key = TRY(value_of(lines[2], "server-key"));
  const auto server_key = Fingerprint::parse(key);
  out.store = TRY(value_of(lines[3], "store"));
  const auto made_at = parse_time(TRY(value_of(lines[4], "made")));
  const std::int64_t count = TRY(number_in(TRY(value_of(lines[5], "count"))));
  if (!server_key || server_key->upper() != key || !is_lower_hex(out.store, 64) || !made_at) return refuse("its head");
  out.server_key = *server_key;
  out.made_at = *made_at;
  for (std::size_t i = 6; i < lines.size(); ++i) {
    out.lines.push_back(TRY(parse_line(lines[i])));
    if (out.lines.back().number != static_cast<std::int64_t>(out.lines.size())) return refuse("a number is missing");
  }
  if (count != static_cast<std::int64_t>(out.lines.size())) return refuse("a line is missing");
  return out;
}

Result<std::vector<records::Withdrawal>> RevocationExporting::own_lines() {
  std::vector<records::Withdrawal> lines;
  while (true) {
    const auto page = TRY(withdrawals_.list(static_cast<std::int64_t>(lines.size()), kPage));
    lines.insert(lines.end(), page.begin(), page.end());
    if (page.size() < kPage) return lines;
  }
}

Result<std::string> RevocationExporting::make() {
  RevocationExport list;
  list.server = context_.identity.name();
  list.server_key = context_.identity.fingerprint();
  list.store = hex(context_.identity.store());
  list.made_at = context_.timekeeper.now().wall;
  list.lines = TRY(own_lines());
  std::string text = write_export(list);
  text += TRY(context_.engine.sign(text, list.made_at));
  return text;
}

Status RevocationExporting::verify(const RevocationExport& list, Instant now) {
  TRY(proving::verify_own_signature(context_, "the export",
                                    {list.server, list.store, list.server_key, list.made_at, list.signature},
                                    write_export(list), now));
  const auto remembered = context_.floor.revocations();
  const auto known = std::max(TRY(withdrawals_.last()), static_cast<std::int64_t>(list.lines.size()));
  if (known < remembered) {
    return fail(ErrorCode::file_refused,
                fmt::format("the export ends at {}, and this server remembers {}: find a newer", list.lines.size(),
                            remembered));
  }
  return ok();
}

void RevocationExporting::stage_revoked(storage::Batch& batch, records::Account& changed,
                                        const records::Withdrawal& line, const Moment& moment) {
  records::RevocationRecord record;
  record.account = changed.id;
  record.fingerprint = changed.fingerprint;
  record.reason = line.reason;
  record.revoked_at = line.at;
  record.by = "export";
  // Without it the record is completed later.
  if (auto signature = context_.engine.sign(revocation_text(record), moment.wall)) record.signature = *signature;
  changed.state = records::AccountState::revoked;
  context_.accounts.stage_no_part(batch, changed, records::AccountPart::escrowed_key);
  context_.accounts.stage_part(batch, changed, records::AccountPart::revocation,
                               as_bytes(write_json(write_revocation(record))));
}

// What was taken before the line is given back by it; what was taken here since stays taken.
Result<bool> RevocationExporting::is_given_back(const records::StoredAccount& stored, const records::Withdrawal& line) {
  if (stored.account.state != records::AccountState::revoked || stored.account.fingerprint != line.fingerprint)
    return false;
  const auto bytes = TRY(context_.accounts.read_part(stored, records::AccountPart::revocation));
  if (!bytes) return false;
  const auto record = records::parse_revocation(as_text(*bytes));
  return record && record->revoked_at <= line.at;
}

Status RevocationExporting::stage_effect(storage::Batch& batch, const records::StoredAccount& stored,
                                         records::Account& changed, const records::Withdrawal& line,
                                         const Moment& moment) {
  note_key(changed, line);
  switch (line.what) {
    case records::Withdrawn::revoked:
    case records::Withdrawn::rotated:
      // Whatever key it has by now: whoever brought that may have done so with the one that was withdrawn.
      if (changed.state == records::AccountState::active) stage_revoked(batch, changed, line, moment);
      return ok();
    case records::Withdrawn::deleted:
      if (changed.state != records::AccountState::deleted) context_.accounts.stage_tombstone(batch, changed, line.at);
      return ok();
    case records::Withdrawn::restored:
      if (TRY(is_given_back(stored, line))) {
        changed.state = records::AccountState::active;
        context_.accounts.stage_no_part(batch, changed, records::AccountPart::revocation);
      }
      return ok();
    case records::Withdrawn::lost:
      return ok();
  }
  return refuse("an unknown line");
}

void RevocationExporting::stage_unknown(storage::Batch& batch, const records::Withdrawal& line) {
  records::Account tombstone;
  tombstone.id = line.account;
  tombstone.state = records::AccountState::deleted;
  tombstone.epoch = line.epoch;
  tombstone.fingerprint = line.fingerprint;
  tombstone.key_since = line.at;
  tombstone.encryption_algorithm = kUsualAlgorithm;
  tombstone.created_at = line.at;
  const std::string name = records::account_name(line.account);
  batch.require_absent(name);
  batch.put(name, context_.seal.close(name, write_account(tombstone)));
}

// A key that lost its right is never taken again, also one that this store has not seen. Who holds it, if that is
// somebody else.
Result<std::string> RevocationExporting::stage_key_taken(storage::Batch& batch, const records::Withdrawal& line) {
  if (!withdraws_key(line)) return std::string();
  const std::string holder = TRY(context_.accounts.holder_of(line.fingerprint));
  if (!holder.empty()) return holder == line.account ? std::string() : holder;
  const std::string key = records::key_name(line.fingerprint);
  batch.require_absent(key);
  batch.put(key, context_.seal.close(key, Json::object().set("version", 1).set("account", line.account)));
  return std::string();
}

Status RevocationExporting::apply_line(const records::Withdrawal& line, const Visit& visit, const Moment& moment,
                                       AppliedExport& applied) {
  const records::AuditEntry entry{
      records::Decision::revocation_applied,
      moment.wall,
      line.account,
      line.fingerprint.upper(),
      "",
      visit.source,
      "line " + std::to_string(line.number) + ": " + std::string(name_of(line.what)) + " " + line.reason};
  ++applied.lines;
  if (line.what == records::Withdrawn::lost) return withdrawals_.append({}, line, entry);
  return until_settled([&]() -> Status {
    const auto stored = TRY(context_.accounts.find(line.account));
    bool is_other = !stored;
    storage::Batch batch;
    if (!stored) {
      stage_unknown(batch, line);
    } else {
      records::Account changed = stored->account;
      TRY(stage_effect(batch, *stored, changed, line, moment));
      is_other = changed.state != stored->account.state;
      changed.epoch = std::max(line.epoch, stored->account.epoch + (is_other ? 1 : 0));
      context_.accounts.stage_change(batch, *stored, changed);
    }
    const std::string holder = TRY(stage_key_taken(batch, line));
    TRY(withdrawals_.append(batch, line, entry));
    if (is_other) ++applied.accounts;
    if (!holder.empty()) applied.keys_held_elsewhere.push_back({line.fingerprint, holder});
    return ok();
  });
}

Result<AppliedExport> RevocationExporting::apply(std::string_view text, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const RevocationExport list = TRY(parse_export(text));
  TRY(verify(list, moment.wall));
  // A line that is here was written together with its effect. Nothing else tells: what it says of the epoch may be true
  // for another reason, since much besides raises that.
  const std::vector<records::Withdrawal> own = TRY(own_lines());
  std::set<std::string> here;
  for (const records::Withdrawal& line : own) here.insert(content_of(line));
  AppliedExport applied;
  applied.number = static_cast<std::int64_t>(list.lines.size());
  for (const records::Withdrawal& line : list.lines) {
    const bool is_known = line.what == records::Withdrawn::lost ? line.number <= static_cast<std::int64_t>(own.size())
                                                                : here.contains(content_of(line));
    if (!is_known) TRY(apply_line(line, visit, moment, applied));
  }
  return applied;
}

}  // namespace countersign::auth::keys
