// A backup of a store in use.
//
// A medium has no snapshot: only what stands in one batch holds together. What changes an account, and every record but
// those that stand alone, is audited in its own batch, so the ends of the audit chains tell whether anything changed.
// An account is read between two reads of its record that agree. Then whatever the audit record speaks of since the
// beginning is read again, until a round finds nothing new: the state is then exactly that of the chains' ends. The
// chains and the list of revocations only grow, and are copied up to there at last.
//
// Left out is what a restore voids: sessions, consumed challenges and the levels of the limits.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "auth/keys/withdrawals.hpp"
#include "auth/records/backup_file.hpp"
#include "storage/base/progress.hpp"

namespace countersign::auth::upkeep {

struct BackupReport {
  records::BackupCounts counts;
  std::int64_t accounts = 0;
  std::int64_t revocations = 0;  // the highest number
  std::int64_t audit_records = 0;
  std::vector<std::string> damaged;  // accounts whose records do not hold; they are in the backup as they are
};

// One thread, once. Several may run at once.
class BackingUp {
 public:
  // `progress` is called now and then with the records written so far.
  BackingUp(const Context& context, records::BackupWriter writer, Progress progress)
      : context_(context), writer_(std::move(writer)), progress_(std::move(progress)) {}

  // What the medium and the sink fail with; busy where the store changes faster than it can be read.
  Result<BackupReport> run();

 private:
  using Heads = std::map<std::string, records::ChainHead>;

  Status copy_all_once();
  Status copy_alone();
  Status copy_accounts();
  // `names` are those of its records that were seen; the usual ones are looked for besides.
  Status copy_account(const std::string& id, std::set<std::string> names);
  Status judge_account_records(const std::string& id, const std::map<std::string, storage::Entry>& records);
  Status copy_key(const std::string& name);
  Status copy_record(const std::string& name);
  // What was decided between two ends of the chains is read again. False: nothing that is kept here.
  Result<bool> copy_changed(const Heads& from, const Heads& to);
  // The names of a folder that only grows, up to that one.
  Status copy_up_to(const std::string& folder, const std::string& last);
  void tell();

  const Context& context_;
  records::BackupWriter writer_;
  Progress progress_;
  std::set<std::string> accounts_;
  std::set<std::string> damaged_;
  std::map<std::string, storage::Version> alone_;  // what was written of it
};

// The medium as a file (auth/records/backup_file.hpp), while it is in use; never the server's secrets.
Result<BackupReport> back_up(const Context& context, records::ByteSink sink, const Progress& progress);

}  // namespace countersign::auth::upkeep
