// The floor: what the server remembers beside the medium, so that a medium put back to an old state is noticed.
//
// A sealed record in the file `floor` of the secrets folder, written after the commits it speaks of: it may lag behind
// the medium, never lead. It holds the restore counter, the highest revocation number and the head of each audit chain.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "auth/secrets/record_seal.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::records {

// The last record of one audit chain.
struct ChainHead {
  std::int64_t number = 0;  // 0: none yet
  std::string hash;         // hex SHA-256 of the record's bytes

  friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

// Any thread. Several processes may share the file: a save merges what the others wrote.
class Floor {
 public:
  static Status create(const std::filesystem::path& path, const secrets::RecordSeal& seal);
  // startup_refused where the file is absent, too open or does not hold.
  static Result<std::unique_ptr<Floor>> load(const std::filesystem::path& path, const secrets::RecordSeal& seal);

  void note_head(const std::string& writer, const ChainHead& head);
  // The number of a line of the list of revocations that is on the medium.
  void note_revocation(std::int64_t number);
  std::int64_t revocations() const;
  void note_restores(std::int64_t number);
  std::int64_t restores() const;
  // Writes what was noted since the last save; nothing when nothing was. Nobody who notes or asks waits for it, and
  // what is noted meanwhile is for the next save, as is what could not be written. busy where another process keeps the
  // file, storage_unavailable.
  Status save();
  // Both, the age first.
  Status judge_medium(storage::Medium& medium, std::int64_t restores) const;
  // Every head is on the medium, as it was noted or cut off by a restore that is on record, and `restores` of its
  // identity record is no less than what was noted; else medium_restored.
  Status judge_age(storage::Medium& medium, std::int64_t restores) const;
  // So is the last line of the list of revocations; else medium_restored.
  Status judge_revocations(storage::Medium& medium) const;
  // The same of one chain.
  Result<bool> has_head(storage::Medium& medium, const std::string& writer, const ChainHead& head) const;
  // Does the chain go on behind that number with the record of a restore?
  Result<bool> is_cut_off(storage::Medium& medium, const std::string& writer, std::int64_t number) const;
  std::map<std::string, ChainHead> heads() const;

 private:
  struct Marks {
    std::int64_t restores = 0;
    std::int64_t revocations = 0;
    std::map<std::string, ChainHead> heads;
  };
  Floor(std::filesystem::path path, const secrets::RecordSeal& seal) : path_(std::move(path)), seal_(seal) {}
  static Json write(const Marks& marks);
  static Result<Marks> read(const std::filesystem::path& path, const secrets::RecordSeal& seal);
  static void raise(Marks& marks, const Marks& others);
  // The file then holds the higher of both, and so do `marks`.
  Status merge_into_file(Marks& marks) const;
  Result<Marks> read_latest() const;

  const std::filesystem::path path_;
  const secrets::RecordSeal& seal_;
  std::mutex saving_;         // one at a time writes the file; taken before the other
  mutable std::mutex mutex_;  // of what follows
  Marks marks_;
  std::uint64_t changes_ = 0;
  std::uint64_t changes_saved_ = 0;
};

}  // namespace countersign::auth::records
