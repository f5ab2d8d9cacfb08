// A virtual file system of SQLite's over its stock one (sqlite.org/vfs.html): it fails or stops at the n-th change to a
// file, tears the write that was under way, and makes every change on a disk in memory as well, whose power can be cut.
// It is the default one while it lives.
#pragma once

#include <cstddef>
#include <filesystem>

#include "tests/fault/storage/disk.hpp"

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

  // Starts counting anew.
  void plan(Plan plan);
  bool fired() const;
  bool fired_in_write() const;
  // From now on what is done to the files of `folder` is done on `disk` too, which outlives this and holds what the
  // folder holds. Of a folder the disk is told when SQLite opens it to sync it. The index in shared memory (-shm) is no
  // part of it: whoever opens it first makes it anew.
  void watch(const std::filesystem::path& folder, Disk& disk);
  void watch_nothing();
};

// The disk that holds what SQLite keeps in a folder, all of it synced, and the folder that holds what the disk does.
Disk read_in(const std::filesystem::path& folder);
void write_out(const Disk& disk, const std::filesystem::path& folder);

}  // namespace countersign::test
