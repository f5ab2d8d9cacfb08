// One SQLite database: the embedded default, for one host.
//
// One table of names and bytes, WAL, synchronous=FULL: what was committed survives the process and the machine. Any
// number of processes may use it at once, on a local file system. What a killed one left in the log and had not synced
// is synced before anybody is shown it. SQLite before 3.51.3 can corrupt a database when two connections checkpoint at
// once (sqlite.org/wal.html#walresetbug), so exactly one connection of one process does: the writer of whoever holds
// the flock on `checkpoint.lock`, a file beside the database. Who does not hold it tries again at every commit, so that
// the log does not grow for ever beside a long-lived process that came second.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/file_descriptor.hpp"
#include "storage/medium.hpp"

namespace countersign::storage {

class SqliteConnection;
class SqliteWatch;

class SqliteMedium final : public Medium {
 public:
  // Makes an empty one, mode 0600, in a folder that exists: all of it or nothing. conflict where there is one (or what
  // is left of one) already, startup_refused where there is no such folder, storage_unavailable.
  static Status create(const std::filesystem::path& file);

  // startup_refused: no such file, not a store of ours, a schema newer than this program, readable by others.
  // storage_unavailable: busy, no space, an I/O error. Costs the same whatever it holds: damage behind the first pages
  // is found by check(), and by whoever reads there.
  static Result<std::unique_ptr<SqliteMedium>> open(const std::filesystem::path& file);
  // The same with another patience towards a busy writer than five seconds.
  static Result<std::unique_ptr<SqliteMedium>> open_with_timeout(const std::filesystem::path& file,
                                                                 std::chrono::milliseconds busy_timeout);

  ~SqliteMedium() override;
  SqliteMedium(const SqliteMedium&) = delete;
  SqliteMedium& operator=(const SqliteMedium&) = delete;

  Result<Entry> read(std::string_view name) override;
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override;
  Status commit(const Batch& batch) override;
  Result<Mark> mark() override;
  // SQLite's quick check.
  Status check() override;
  // Gives pages that nothing uses back to the file system, some at a time; only where it was made to (a database from
  // before that keeps its size, until a restore makes it anew).
  Status tidy() override;

 private:
  class ReaderLease;

  // The flock on checkpoint.lock. It outlives every connection, so a successor never checkpoints beside us.
  class CheckpointLock {
   public:
    Status open(const std::filesystem::path& file);
    bool try_lock();
    bool held() const { return held_; }

   private:
    FileDescriptor file_;
    bool held_ = false;
  };

  SqliteMedium(std::filesystem::path file, std::chrono::milliseconds busy_timeout);
  Status start();
  Status commit_as_only_writer(const Batch& batch);

  const std::filesystem::path file_;
  const std::chrono::milliseconds busy_timeout_;
  CheckpointLock checkpoint_lock_;  // under writer_mutex_

  std::mutex writer_mutex_;
  std::unique_ptr<SqliteConnection> writer_;  // null after a failure that could not be rolled back

  std::mutex readers_mutex_;
  std::condition_variable reader_returned_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_readers_;
  std::size_t readers_leased_ = 0;

  std::mutex watch_mutex_;
  std::unique_ptr<SqliteWatch> watch_;  // from the first mark() on; null after a failure
  std::uint64_t mark_ = 0;              // the last one, where the next watch goes on
};

}  // namespace countersign::storage
