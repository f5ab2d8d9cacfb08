#include "auth/upkeep/inspection.hpp"

#include <utility>

#include "auth/records/account.hpp"

namespace countersign::auth::upkeep {
namespace {
constexpr std::size_t kRecordsAtOnce = 500;
}

Result<bool> Inspection::judge_account(const std::string& id) {
  const auto stored = TRY(context_.accounts.find(id));
  if (!stored) return false;
  for (const auto& [part, digest] : stored->account.parts) TRY(context_.accounts.read_part(*stored, part));
  return true;
}

Result<bool> Inspection::judge_record(const std::string& name) {
  const auto entry = TRY(storage::find(context_.medium, name));
  if (entry) TRY(context_.seal.verify(name, entry->bytes));
  return entry.has_value();
}

Status Inspection::judge(const std::string& name) {
  if (records::is_part_name(name)) return ok();  // judged with the record that seals it
  const auto id = records::account_named_in(name);
  if (TRY(id ? judge_account(*id) : judge_record(name))) return ok();
  // Erased meanwhile, or listed by a medium that does not find it.
  const auto listed = TRY(context_.medium.list(name, "", 1));
  if (listed.empty() || listed.front() != name || TRY(storage::find(context_.medium, name))) return ok();
  return fail(ErrorCode::record_unreadable, "it is listed and not found");
}

Status Inspection::inspect(const std::string& name) {
  const Status judged = judge(name);
  // A conflict: the account changed between two reads, and is looked at again in the next round.
  if (judged || judged.error().code == ErrorCode::conflict) return ok();
  if (judged.error().code == ErrorCode::storage_unavailable) return judged;
  note(name, judged.error());
  return ok();
}

void Inspection::note(const std::string& what, const Error& fault) {
  ++now_.damaged;
  if (now_.faults.size() < kFaultsMax) now_.faults.push_back(what + ": " + std::string(name_of(fault.code)));
}

Result<bool> Inspection::go_on(std::size_t page) {
  const auto names = round_.names(context_.medium, page);
  if (!names && names.error().code != ErrorCode::record_unreadable) return tl::unexpected<Error>(names.error());
  if (!names) note("the medium", names.error());
  const std::vector<std::string> found = names ? *names : std::vector<std::string>();
  for (const std::string& name : found) TRY(inspect(name));
  now_.records += static_cast<std::int64_t>(found.size());
  if (!round_.pass(found, page)) return false;
  last_ = std::exchange(now_, {});
  return true;
}

Result<Inspected> Inspection::run(const Progress& progress) {
  const Status structure = context_.medium.check();
  if (!structure && structure.error().code != ErrorCode::record_unreadable) {
    return tl::unexpected<Error>(structure.error());
  }
  if (!structure) note("the medium: " + structure.error().detail, structure.error());
  while (!TRY(go_on(kRecordsAtOnce))) tell_now_and_then(progress, now_.records);
  return last_;
}

}  // namespace countersign::auth::upkeep
