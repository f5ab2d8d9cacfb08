// The record of every decision that changed something. It is written in the batch it speaks of: what happened is on
// record, and what is on record happened.
//
// A durable commit waits for the disk, and one chain takes one commit after the other. So decisions that wait for the
// same chain share a commit: while one is written, others queue, and the next commit holds as many of them as leave
// each other's preconditions alone. Each is then committed, or none is; where the whole fails for what one of them
// requires, each is committed alone.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "auth/records/audit_record.hpp"
#include "auth/records/floor.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/progress.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::records {

// Records of one chain that a restore left behind.
struct CutOff {
  std::string writer;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// "audit/cli: 41 to 50"
std::string text_of(const CutOff& cut_off);

struct AuditReport {
  std::int64_t records = 0;
  std::vector<CutOff> cut_off;      // by restores that are on record: no fault
  std::vector<std::string> faults;  // empty: every chain holds
};

// Any thread. A writer is persistent (a server's instance name; `cli`), so several servers never queue for one chain.
class Audit {
 public:
  Audit(storage::Medium& medium, const secrets::RecordSeal& seal, Floor& floor, std::string writer);

  // Commits the batch with the entry chained to it, alone or with what others commit at the same time. Fails as
  // Medium::commit does; `conflict` speaks of the batch's own preconditions, since another process that took the number
  // is waited out.
  Status commit(const storage::Batch& batch, const AuditEntry& entry);

  // Decisions that are not committed yet.
  std::size_t waiting();

  // Where a chain begins: behind the record of that number and hash, which an archive holds; number 0 where none does.
  // The sealed record `archived/<writer>`.
  Result<ChainHead> start_of(const std::string& writer);
  // Stages that it begins behind that one from now on, over what was staged before.
  Status stage_start(storage::Batch& batch, const std::string& writer, const ChainHead& start);
  // The last record of a chain.
  Result<ChainHead> head_of(const std::string& writer) { return read_head(writer); }
  // The last record of every chain that there is.
  Result<std::map<std::string, ChainHead>> heads();
  // For a medium that went back to an older state with an administrator's consent. Stages the entry at the end of this
  // writer's chain, and of every chain that lacks what the floor remembers, numbered behind that: no number is used
  // twice, and the record says in its place what is not there. `heads` is what the chains end with once the batch is
  // committed.
  struct Rejoined {
    std::map<std::string, ChainHead> heads;
    std::vector<CutOff> cut_off;
  };
  Result<Rejoined> stage_rejoined(storage::Batch& batch, const AuditEntry& entry);
  // Of all writers or of one (empty: all), oldest first within a writer: the newest ones before the number `before` (0:
  // of all), at most `limit` of each.
  Result<std::vector<AuditRecord>> list(std::string_view writer, std::int64_t before, std::size_t limit);
  // Walks every chain: MAC, number, previous hash, and the head that the floor remembers. What does not hold is a fault
  // of the report, not an error; a gap in the numbers is none where the record behind it speaks of a restore.
  // `progress` is called now and then with the records seen so far.
  Result<AuditReport> verify(const Progress& progress);

 private:
  // A decision that is to be committed. Whoever leads has `joined` and `outcome` until it says `done`.
  struct Waiting {
    const storage::Batch& batch;
    const AuditEntry& entry;
    bool joined = false;
    Status outcome = ok();
    bool done = false;
  };
  // Commits the first of them, and whichever others can be joined to it.
  void commit_some(std::span<Waiting* const> waiting) noexcept;
  Status commit_joined(std::span<Waiting* const> joined);

  // The bytes of the record of that number, which follows `before`.
  Bytes close(const std::string& writer, const ChainHead& before, std::int64_t number, const AuditEntry& entry);
  Result<ChainHead> read_head(const std::string& writer);
  Result<std::vector<std::string>> writers();
  Status verify_chain(const std::string& writer, AuditReport& report, const Progress& progress);

  storage::Medium& medium_;
  const secrets::RecordSeal& seal_;
  Floor& floor_;
  const std::string writer_;

  std::mutex mutex_;  // of what follows
  std::condition_variable moved_on_;
  std::vector<Waiting*> waiting_;  // oldest first
  bool led_ = false;               // one of them commits, for itself and others

  // Of whoever leads: unknown at first and after a failed commit.
  std::optional<ChainHead> head_;
};

}  // namespace countersign::auth::records
