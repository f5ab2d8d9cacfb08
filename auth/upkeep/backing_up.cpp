#include "auth/upkeep/backing_up.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "auth/base/account_id.hpp"

namespace countersign::auth::upkeep {
namespace {

constexpr std::size_t kPage = 500;
constexpr int kRoundsMax = 100;
constexpr int kReadsMax = 100;
constexpr std::string_view kUsers = "users/";
constexpr std::string_view kKeys = "keys/";
constexpr std::string_view kWithdrawals = "revocations/";
// Sorts behind every character of a name.
constexpr char kBehind = '~';

// Copied in a way of their own.
constexpr std::array<std::string_view, 4> kOwnWay = {kUsers, kKeys, kWithdrawals, "audit/"};
constexpr std::array<std::string_view, 4> kLeftOut = {"sessions/", "sessions-of/", "consumed/", "limits/"};

// Decisions that change nothing of what is in a backup. One that this program does not know counts as a change.
bool changes_nothing(const std::string& decision) {
  constexpr std::array kUnchanging = {records::Decision::login_accepted, records::Decision::login_granted,
                                      records::Decision::grant_used,     records::Decision::session_refreshed,
                                      records::Decision::session_ended,  records::Decision::session_replayed,
                                      records::Decision::refusals};
  return std::any_of(kUnchanging.begin(), kUnchanging.end(),
                     [&](records::Decision one) { return decision == name_of(one); });
}

tl::unexpected<Error> too_fast() {
  return fail(ErrorCode::busy, "the store changes faster than it can be read");
}

}  // namespace

void BackingUp::tell() {
  tell_now_and_then(progress_, writer_.counts().puts);
}

Status BackingUp::copy_record(const std::string& name) {
  const auto entry = TRY(storage::find(context_.medium, name));
  if (!entry) return writer_.erase(name);
  TRY(writer_.put(name, entry->bytes));
  tell();
  return ok();
}

// Names that stand in no other folder's way: server/, held/, and whatever a newer program keeps.
Status BackingUp::copy_alone() {
  std::map<std::string, storage::Version> found;
  std::string after;
  while (true) {
    const auto names = TRY(context_.medium.list("", after, kPage));
    if (names.empty()) break;
    for (const std::string& name : names) {
      after = name;
      const auto is_below = [&](std::string_view folder) { return name.starts_with(folder); };
      const auto own_way = std::find_if(kOwnWay.begin(), kOwnWay.end(), is_below);
      const auto left_out = std::find_if(kLeftOut.begin(), kLeftOut.end(), is_below);
      if (own_way != kOwnWay.end() || left_out != kLeftOut.end()) {
        after = std::string(own_way != kOwnWay.end() ? *own_way : *left_out) + kBehind;
        break;
      }
      const auto entry = TRY(storage::find(context_.medium, name));
      if (!entry) continue;
      const auto [known, is_new] = alone_.try_emplace(name, entry->version);
      if (is_new || known->second != entry->version) TRY(writer_.put(name, entry->bytes));
      known->second = entry->version;
      found.emplace(name, entry->version);
    }
  }
  for (const auto& [name, version] : alone_) {
    if (!found.contains(name)) TRY(writer_.erase(name));
  }
  alone_ = std::move(found);
  return ok();
}

// What of an account's records does not hold is copied as it is, and told: one damaged account must not cost the backup
// of all the others.
Status BackingUp::judge_account_records(const std::string& id, const std::map<std::string, storage::Entry>& records) {
  const auto own = records.find(records::account_name(id));
  if (own == records.end()) return fail(ErrorCode::record_tampered, id);
  const records::Account account = TRY(records::parse_account(TRY(context_.seal.open(own->first, own->second.bytes))));
  for (const auto& [part, sum] : account.parts) {
    const auto record = records.find(part_name(id, part));
    if (record == records.end() || hex(sha256(record->second.bytes)) != sum) {
      return fail(ErrorCode::record_tampered, part_name(id, part));
    }
  }
  return ok();
}

Status BackingUp::copy_account(const std::string& id, std::set<std::string> names) {
  const std::string own = records::account_name(id);
  for (const records::AccountPart part : records::kAccountParts) names.insert(part_name(id, part));
  names.insert({own, records::seen_name(id)});
  for (int read = 0; read < kReadsMax; ++read) {
    const auto before = TRY(storage::find(context_.medium, own));
    std::map<std::string, storage::Entry> records;
    for (const std::string& name : names) {
      auto entry = TRY(storage::find(context_.medium, name));
      if (entry) records.emplace(name, *std::move(entry));
    }
    // What the record seals changes with it, so one that is the same before and after stood over all of it.
    const auto after = TRY(storage::find(context_.medium, own));
    if (before.has_value() != after.has_value() || (before && before->version != after->version)) continue;
    for (const std::string& name : names) {
      const auto record = records.find(name);
      if (record != records.end()) {
        TRY(writer_.put(name, record->second.bytes));
        tell();
      } else if (accounts_.contains(id)) {
        TRY(writer_.erase(name));
      }
    }
    if (records.empty()) return ok();
    accounts_.insert(id);
    damaged_.erase(id);
    if (!judge_account_records(id, records)) damaged_.insert(id);
    return ok();
  }
  return too_fast();
}

Status BackingUp::copy_accounts() {
  std::string id;
  std::set<std::string> names;  // of that account
  TRY(storage::visit_names(context_.medium, kUsers, "", [&](const std::string& name) -> Result<bool> {
    const std::string rest = name.substr(kUsers.size());
    const std::string next = rest.substr(0, rest.find('.'));
    if (next != id && !names.empty()) TRY(copy_account(id, std::exchange(names, {})));
    id = next;
    names.insert(name);
    return true;
  }));
  return names.empty() ? ok() : copy_account(id, std::move(names));
}

Status BackingUp::copy_all_once() {
  TRY(copy_accounts());
  TRY(storage::visit_names(context_.medium, kKeys, "", [&](const std::string& name) -> Result<bool> {
    TRY(copy_record(name));
    return true;
  }));
  return copy_alone();
}

Result<bool> BackingUp::copy_changed(const Heads& from, const Heads& to) {
  std::set<std::string> accounts;
  std::set<std::string> keys;
  bool changed = false;
  for (const auto& [writer, head] : to) {
    const auto start = from.find(writer);
    // By name and not by number: a planted record may leave a gap that is never counted through.
    const std::string after = start == from.end() ? std::string() : records::audit_name(writer, start->second.number);
    const std::string last = records::audit_name(writer, head.number);
    if (after >= last) continue;
    const auto note = [&](const std::string& name) -> Result<bool> {
      if (name > last) return false;
      const auto record = TRY(records::find_audit_record(context_.medium, context_.seal, name));
      if (!record || changes_nothing(record->decision)) return true;
      changed = true;
      if (!record->entry.account.empty()) accounts.insert(record->entry.account);
      if (const auto key = Fingerprint::parse(record->entry.key)) keys.insert(records::key_name(*key));
      return true;
    };
    TRY(storage::visit_names(context_.medium, records::audit_folder(writer), after, note));
  }
  for (const std::string& id : accounts) {
    if (!check_account_id(id)) continue;
    TRY(copy_account(id, {}));
    const auto entry = TRY(find_record(context_.medium, context_.seal, records::account_name(id)));
    if (entry) keys.insert(records::key_name(TRY(records::parse_account(entry->record)).fingerprint));
  }
  for (const std::string& key : keys) TRY(copy_record(key));
  if (changed) TRY(copy_alone());
  return changed;
}

Status BackingUp::copy_up_to(const std::string& folder, const std::string& last) {
  return storage::visit_names(context_.medium, folder, "", [&](const std::string& name) -> Result<bool> {
    if (name > last) return false;
    TRY(copy_record(name));
    return true;
  });
}

Result<BackupReport> BackingUp::run() {
  Heads heads = TRY(context_.audit.heads());
  TRY(copy_all_once());
  std::int64_t last = 0;
  for (int round = 0;; ++round) {
    if (round == kRoundsMax) return too_fast();
    // The list before the ends: whatever was added to it between the two is found in the next round.
    last = TRY(records::last_withdrawal(context_.medium, context_.floor.revocations()));
    Heads now = TRY(context_.audit.heads());
    const bool changed = TRY(copy_changed(heads, now));
    heads = std::move(now);
    if (!changed) break;
  }
  const std::int64_t before = writer_.counts().puts;
  for (const auto& [writer, head] : heads)
    TRY(copy_up_to(records::audit_folder(writer), records::audit_name(writer, head.number)));
  // Where the chains begin, after them: what was archived meanwhile may stand before that, and may not be missing
  // behind.
  TRY(copy_up_to("archived/", std::string("archived/") + kBehind));
  BackupReport report;
  report.audit_records = writer_.counts().puts - before;
  if (last > 0) TRY(copy_up_to(std::string(kWithdrawals), records::withdrawal_name(last)));
  TRY(writer_.finish());
  report.counts = writer_.counts();
  report.accounts = static_cast<std::int64_t>(accounts_.size());
  report.revocations = last;
  report.damaged.assign(damaged_.begin(), damaged_.end());
  return report;
}

Result<BackupReport> back_up(const Context& context, records::ByteSink sink, const Progress& progress) {
  const records::BackupHead head{context.identity.name(), hex(context.identity.store()), context.timekeeper.now().wall};
  auto writer = TRY(records::BackupWriter::begin(head, context.secrets.newest_record_key(), std::move(sink)));
  return BackingUp(context, std::move(writer), progress).run();
}

}  // namespace countersign::auth::upkeep
