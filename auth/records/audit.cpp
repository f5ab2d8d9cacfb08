#include "auth/records/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "auth/records/chain_start.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"
#include "storage/numbered_names.hpp"

namespace countersign::auth::records {
namespace {

constexpr int kAttemptsMax = 8;
// As many as share one commit.
constexpr std::size_t kJoinedMax = 32;
constexpr std::size_t kDetailBytesMax = 8u << 10;
const std::string kNoPrevious(64, '0');

// Only a restore leaves a gap in front of its record.
bool is_joint(const AuditRecord& record) {
  return record.decision == name_of(Decision::store_restored);
}

std::string text_of_missing(const std::string& writer, std::int64_t first, std::int64_t last) {
  if (first == last) return audit_name(writer, first) + ": missing";
  return fmt::format("{} to {}: missing", audit_name(writer, first), last);
}

}  // namespace

std::string text_of(const CutOff& cut_off) {
  return fmt::format("audit/{}: {} to {}", cut_off.writer, cut_off.first, cut_off.last);
}

Audit::Audit(storage::Medium& medium, const secrets::RecordSeal& seal, Floor& floor, std::string writer)
    : medium_(medium), seal_(seal), floor_(floor), writer_(std::move(writer)) {}

// The last number is found by doubling and halving: a chain may be millions long.
Result<ChainHead> Audit::read_head(const std::string& writer) {
  const std::string folder = audit_folder(writer);
  // The next one there is, or 0. A planted name may stand behind all numbers.
  const auto next_after = [&](std::int64_t number) -> Result<std::int64_t> {
    const auto names = TRY(medium_.list(folder, number == 0 ? "" : audit_name(writer, number), 1));
    if (names.empty()) return 0;
    const auto next = storage::number_named_in(folder, names.front());
    if (!next) return fail(ErrorCode::chain_broken, names.front() + " is no name of an audit record");
    return *next;
  };
  std::int64_t low = TRY(next_after(0));  // is there
  std::int64_t high = low;                // nothing is behind it, once it was doubled often enough
  if (low == 0) return start_of(writer);
  while (const std::int64_t next = TRY(next_after(high))) {
    low = next;
    high = 2 * next;
  }
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const std::int64_t next = TRY(next_after(middle));
    if (next == 0) {
      high = middle;
    } else {
      low = next;
    }
  }
  const storage::Entry last = TRY(medium_.read(audit_name(writer, low)));
  return ChainHead{low, hex(sha256(last.bytes))};
}

Result<ChainHead> Audit::start_of(const std::string& writer) {
  return find_chain_start(medium_, seal_, writer);
}

Status Audit::stage_start(storage::Batch& batch, const std::string& writer, const ChainHead& start) {
  const std::string name = archived_name(writer);
  const auto before = TRY(find_record(medium_, seal_, name));
  if (before) {
    batch.require_version(name, before->version);
  } else {
    batch.require_absent(name);
  }
  batch.put(name,
            seal_.close(name, Json::object().set("version", 1).set("number", start.number).set("hash", start.hash)));
  return ok();
}

Bytes Audit::close(const std::string& writer, const ChainHead& before, std::int64_t number, const AuditEntry& entry) {
  AuditRecord record;
  record.writer = writer;
  record.number = number;
  record.previous = before.hash;
  record.entry = entry;
  record.entry.source = escape_for_display(entry.source);
  record.entry.detail = escape_for_display(entry.detail, kDetailBytesMax);
  return close_audit_record(seal_, audit_name(writer, number), record);
}

Status Audit::commit(const storage::Batch& batch, const AuditEntry& entry) {
  Waiting own{batch, entry};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&own);
  moved_on_.wait(lock, [&] { return own.done || !led_; });
  if (own.done) return std::move(own.outcome);
  led_ = true;
  while (!own.done) {
    std::array<Waiting*, kJoinedMax> front{};
    const std::size_t count = std::min(waiting_.size(), front.size());
    std::copy_n(waiting_.begin(), count, front.begin());
    lock.unlock();
    commit_some({front.data(), count});
    lock.lock();
    std::erase_if(waiting_, [](Waiting* one) { return one->done = one->joined; });
    led_ = !own.done;
    moved_on_.notify_all();
  }
  return std::move(own.outcome);
}

std::size_t Audit::waiting() {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void Audit::commit_some(std::span<Waiting* const> waiting) noexcept {
  std::array<Waiting*, kJoinedMax> taken{};
  std::size_t count = 0;
  const auto joined = [&] { return std::span<Waiting* const>(taken.data(), count); };
  const auto tell = [](std::span<Waiting* const> told, const Status& outcome) {
    for (Waiting* one : told) one->outcome = outcome;
  };
  try {
    storage::Batch names;  // of those that are joined
    for (Waiting* one : waiting) {
      if (!names.can_be_followed_by(one->batch)) continue;
      names.follow_with(one->batch);
      one->joined = true;
      taken[count++] = one;
    }
    tell(joined(), commit_joined(joined()));
    // One of them may be the reason, and the others not know it. A medium that does not answer answers none of them.
    if (count == 1 || taken[0]->outcome || taken[0]->outcome.error().code == ErrorCode::storage_unavailable) return;
    for (std::size_t i = 0; i < count; ++i) tell(joined().subspan(i, 1), commit_joined(joined().subspan(i, 1)));
  } catch (const std::bad_alloc&) {
    head_.reset();
    waiting.front()->joined = true;
    for (Waiting* one : waiting) {
      if (one->joined) one->outcome = fail(ErrorCode::busy);
    }
  }
}

Status Audit::commit_joined(std::span<Waiting* const> joined) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    if (!head_) head_ = TRY(read_head(writer_));
    ChainHead head = *head_;
    storage::Batch whole;
    for (const Waiting* one : joined) {
      whole.follow_with(one->batch);
      const std::int64_t number = head.number + 1;
      const std::string name = audit_name(writer_, number);
      const Bytes bytes = close(writer_, head, number, one->entry);
      whole.require_absent(name);
      whole.put(name, bytes);
      head = ChainHead{number, hex(sha256(bytes))};
    }
    const std::int64_t first = head_->number + 1;
    const Status status = medium_.commit(whole);
    if (status) {
      head_ = head;
      floor_.note_head(writer_, head);
      return ok();
    }
    head_.reset();
    if (status.error().code != ErrorCode::conflict) return status;
    const ChainHead now = TRY(read_head(writer_));
    if (now.number < first) return status;
    head_ = now;
  }
  return fail(ErrorCode::busy, "the audit chain '" + writer_ + "' is written by too many at once");
}

Result<std::vector<std::string>> Audit::writers() {
  std::vector<std::string> found;
  std::string after;
  while (true) {
    const auto names = TRY(medium_.list("audit/", after, 1));
    if (names.empty()) return found;
    const std::string rest = names.front().substr(6);
    found.push_back(rest.substr(0, rest.find('/')));
    after = audit_folder(found.back()) + "~";  // '~' sorts behind every character of a name
  }
}

Result<std::map<std::string, ChainHead>> Audit::heads() {
  std::map<std::string, ChainHead> found;
  for (const std::string& writer : TRY(writers())) found[writer] = TRY(read_head(writer));
  return found;
}

Result<Audit::Rejoined> Audit::stage_rejoined(storage::Batch& batch, const AuditEntry& entry) {
  Rejoined out;
  out.heads = TRY(heads());
  std::map<std::string, ChainHead> remembered = floor_.heads();
  remembered.try_emplace(writer_);
  for (const auto& [writer, head] : remembered) {
    if (writer != writer_ && TRY(floor_.has_head(medium_, writer, head))) continue;
    const auto found = out.heads.find(writer);
    const ChainHead last = found == out.heads.end() ? ChainHead{0, kNoPrevious} : found->second;
    const std::int64_t number = std::max(last.number, head.number) + 1;
    AuditEntry joint = entry;
    if (number > last.number + 1) {
      out.cut_off.push_back({writer, last.number + 1, number - 1});
      joint.detail += fmt::format("; records {} to {} are not in this copy", last.number + 1, number - 1);
    }
    const std::string name = audit_name(writer, number);
    const Bytes bytes = close(writer, last, number, joint);
    batch.require_absent(name);
    batch.put(name, bytes);
    out.heads[writer] = {number, hex(sha256(bytes))};
  }
  return out;
}

Result<std::vector<AuditRecord>> Audit::list(std::string_view writer, std::int64_t before, std::size_t limit) {
  std::vector<AuditRecord> records;
  const auto all = writer.empty() ? TRY(writers()) : std::vector<std::string>{std::string(writer)};
  for (const std::string& one : all) {
    const ChainHead head = TRY(read_head(one));
    const std::int64_t last = before == 0 ? head.number : std::min(head.number, before - 1);
    const auto first =
        std::max<std::int64_t>(TRY(start_of(one)).number + 1, last - static_cast<std::int64_t>(limit) + 1);
    for (std::int64_t number = first; number <= last; ++number) {
      const std::string name = audit_name(one, number);
      auto record = TRY(find_audit_record(medium_, seal_, name));
      if (record) records.push_back(*std::move(record));
      if (record || TRY(floor_.is_cut_off(medium_, one, number))) continue;
      return fail(ErrorCode::chain_broken, name + " is missing");
    }
  }
  return records;
}

Status Audit::verify_chain(const std::string& writer, AuditReport& report, const Progress& progress) {
  const auto start = start_of(writer);
  if (!start && face_of(start.error().code) != Face::integrity) return tl::unexpected<Error>(start.error());
  if (!start) report.faults.push_back(archived_name(writer) + ": " + std::string(name_of(start.error().code)));
  std::string previous = start ? start->hash : kNoPrevious;
  std::int64_t last = start ? start->number : 0;
  const std::string folder = audit_folder(writer);
  return storage::visit_names(medium_, folder, "", [&](const std::string& name) -> Result<bool> {
    tell_now_and_then(progress, ++report.records);
    const auto number = storage::number_named_in(folder, name);
    if (!number) {
      report.faults.push_back(name + ": not the name of a record");
      return true;
    }
    // Left behind by a backup that was made while they were archived.
    if (start && *number <= start->number) return true;
    const std::int64_t first = last + 1;
    const bool gap = *number > first;
    last = *number;
    const auto entry = TRY(storage::find(medium_, name));
    const auto record = entry ? open_audit_record(seal_, name, entry->bytes)
                              : Result<AuditRecord>(fail(ErrorCode::not_found, "gone meanwhile"));
    const bool in_place = record && record->number == *number && record->writer == writer;
    const bool joint = gap && in_place && is_joint(*record);
    if (joint) report.cut_off.push_back({writer, first, *number - 1});
    if (gap && !joint) report.faults.push_back(text_of_missing(writer, first, *number - 1));
    if (!record) {
      report.faults.push_back(name + ": " + std::string(name_of(record.error().code)));
    } else if (!in_place || (record->previous != previous && (joint || !gap))) {
      report.faults.push_back(name + ": does not follow the record before it");
    }
    previous = entry ? hex(sha256(entry->bytes)) : kNoPrevious;
    return true;
  });
}

Result<AuditReport> Audit::verify(const Progress& progress) {
  AuditReport report;
  // The heads first: records that are added meanwhile lie above them.
  const auto heads = floor_.heads();
  for (const std::string& writer : TRY(writers())) TRY(verify_chain(writer, report, progress));
  for (const auto& [writer, head] : heads) {
    if (TRY(floor_.has_head(medium_, writer, head))) continue;
    report.faults.push_back(audit_name(writer, head.number) + ": not the record that this server remembers writing");
  }
  return report;
}

}  // namespace countersign::auth::records
