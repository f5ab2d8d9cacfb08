// A virtual file system of SQLite's that fails or stops at the n-th change to a file, tears the write that was under
// way, and can take back what was not synced (sqlite.org/vfs.html). It is the default one while it lives.
#pragma once

#include <cstddef>
#include <random>

namespace countersign::test {

class FaultyVfs {
 public:
  struct Plan {
    std::size_t at = 0;          // the n-th write, truncation, sync or removal from now on; 0: none
    std::size_t torn_bytes = 0;  // so much of a write is done, at most all but one byte
    bool for_ever = false;       // what comes after fails too, as in a process that is no more
  };

  // One at a time.
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  // Starts counting anew and forgets what was not synced.
  void plan(Plan plan);
  bool fired() const;
  bool fired_in_write() const;
  // Once every database is closed: what was written and not synced is taken back, all of it or each write by choice.
  void lose_unsynced();
  void lose_unsynced(std::mt19937& choose);
};

}  // namespace countersign::test
