// The mark of a directory medium where its file cannot be read, or was lost.
#include <catch2/catch.hpp>
#include <optional>
#include <stdexcept>

#include "storage/directory_medium.hpp"
#include "tests/fault/storage/simulated_file_system.hpp"
#include "tests/support/media.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::DirectoryMedium;

namespace {

Disk fresh_disk() {
  Disk disk;
  SimulatedFileSystem files(disk);
  if (!DirectoryMedium::create_on(files)) throw std::runtime_error("create");
  return disk;
}

}  // namespace

TEST_CASE("a mark that cannot be read is no mark") {
  // Files that cannot be read for a while.
  class Unreadable final : public storage::FileSystem {
   public:
    Unreadable(Disk& disk, std::optional<ErrorCode>& failure) : files_(disk), failure_(failure) {}
    Result<Bytes> read(const std::string& path, std::size_t bytes_max) override {
      if (failure_) return fail(*failure_, "a planned failure");
      return files_.read(path, bytes_max);
    }
    Result<std::vector<storage::FolderEntry>> list(const std::string& path) override { return files_.list(path); }
    Result<storage::FileKind> look(const std::string& path) override { return files_.look(path); }
    Status change(const storage::FileChange& change) override { return files_.change(change); }
    Result<std::unique_ptr<storage::FileLock>> lock(storage::LockKind kind) override { return files_.lock(kind); }

   private:
    SimulatedFileSystem files_;
    std::optional<ErrorCode>& failure_;
  };
  Disk disk = fresh_disk();
  std::optional<ErrorCode> failure;
  const auto medium = DirectoryMedium::open_on(std::make_unique<Unreadable>(disk, failure));
  REQUIRE(medium.has_value());
  REQUIRE(put(**medium, "a", "x"));
  const auto mark = (*medium)->mark();
  REQUIRE(mark.has_value());
  failure = ErrorCode::storage_unavailable;
  CHECK((*medium)->mark().error().code == ErrorCode::storage_unavailable);
  failure = ErrorCode::file_refused;  // a link in its place
  CHECK((*medium)->mark().error().code == ErrorCode::record_unreadable);
  failure.reset();
  CHECK((*medium)->mark().value() == *mark);
}

TEST_CASE("a mark that the machine lost equals no other") {
  const std::string half(7, 'a');
  for (const std::string_view left : {std::string_view(), std::string_view(half), std::string_view("0123456789ABCDEF"),
                                      std::string_view("0123456789abcdef0")}) {
    Disk disk = fresh_disk();
    const auto medium = DirectoryMedium::open_on(std::make_unique<SimulatedFileSystem>(disk));
    REQUIRE(medium.has_value());
    SimulatedFileSystem files(disk);
    REQUIRE(files.change({storage::FileChange::Kind::write, "@mark", {}, as_bytes(left)}));
    CAPTURE(left);
    CHECK((*medium)->mark().value() != (*medium)->mark().value());
    REQUIRE(put(**medium, "a", "x"));
    CHECK((*medium)->mark().value() == (*medium)->mark().value());
  }
}
