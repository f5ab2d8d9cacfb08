// What a power cut may leave on the disk of these tests, counted out.
#include <catch2/catch.hpp>
#include <set>

#include "tests/fault/storage/disk.hpp"

using namespace countersign::test;
using countersign::Bytes;
using countersign::to_bytes;
using Kind = DiskChange::Kind;

namespace {

using Files = std::map<std::string, std::string>;

// Every state that a cut may leave, a run of one byte as that byte.
std::set<Files> states_of(const Disk& disk) {
  std::set<Files> states;
  EveryCut cut;
  do {
    Files files;
    for (const auto& [name, bytes] : disk.after(cut).files()) {
      std::string& text = files[name];
      for (std::size_t i = 0; i < bytes.size(); i += kSectorBytes) {
        const char first = static_cast<char>(bytes[i]);
        text += first == 0 ? '0' : bytes[i] > 0x7f ? '?' : first;
      }
    }
    states.insert(files);
  } while (cut.next());
  return states;
}

Bytes sectors(std::size_t count, char byte) {
  return to_bytes(std::string(count * kSectorBytes, byte));
}

Disk disk_with(const std::string& name, const Bytes& bytes) {
  Disk disk;
  disk.apply({Kind::create, name});
  disk.apply({Kind::write, name, {}, 0, bytes});
  disk.sync_all();
  return disk;
}

}  // namespace

TEST_CASE("a cut leaves each sector that was not synced as it was at some time") {
  Disk disk = disk_with("f", sectors(2, 'a'));
  CHECK(states_of(disk) == std::set<Files>{{{"f", "aa"}}});
  disk.apply({Kind::write, "f", {}, 0, sectors(2, 'b')});
  CHECK(states_of(disk) == std::set<Files>{{{"f", "aa"}}, {{"f", "ab"}}, {{"f", "ba"}}, {{"f", "bb"}}});
  disk.apply({Kind::write, "f", {}, kSectorBytes, sectors(1, 'c')});
  CHECK(states_of(disk).size() == 6);
  CHECK(states_of(disk).count({{"f", "ac"}}) == 1);  // the later one without the earlier
  disk.apply({Kind::sync_file, "f"});
  CHECK(states_of(disk) == std::set<Files>{{{"f", "bc"}}});
}

TEST_CASE("a cut leaves a file that grew or shrank at any size between") {
  Disk disk = disk_with("f", sectors(1, 'a'));
  disk.apply({Kind::write, "f", {}, kSectorBytes, sectors(2, 'b')});
  CHECK(states_of(disk) == std::set<Files>{{{"f", "a"}},
                                           {{"f", "ab"}},
                                           {{"f", "a0"}},
                                           {{"f", "a?"}},
                                           {{"f", "abb"}},
                                           {{"f", "a0b"}},
                                           {{"f", "a?b"}},
                                           {{"f", "ab0"}},
                                           {{"f", "ab?"}},
                                           {{"f", "a00"}},
                                           {{"f", "a??"}}});
  disk.apply({Kind::sync_file, "f"});
  disk.apply({Kind::truncate, "f", {}, kSectorBytes});
  CHECK(states_of(disk).count({{"f", "abb"}}) == 1);
  CHECK(states_of(disk).count({{"f", "a"}}) == 1);
  disk.apply({Kind::sync_file, "f"});
  CHECK(states_of(disk) == std::set<Files>{{{"f", "a"}}});
}

TEST_CASE("a cut leaves each entry that was not synced as it was at some time") {
  Disk disk = disk_with("to", sectors(1, 'a'));
  disk.apply({Kind::create, "from"});
  disk.apply({Kind::write, "from", {}, 0, sectors(1, 'b')});
  disk.apply({Kind::sync_file, "from"});
  // A file that is synced is lost with its entry.
  CHECK(states_of(disk) == std::set<Files>{{{"to", "a"}}, {{"to", "a"}, {"from", "b"}}});
  disk.apply({Kind::sync_folder, ""});
  disk.apply({Kind::rename, "from", "to"});
  CHECK(states_of(disk) ==
        std::set<Files>{{{"to", "a"}}, {{"to", "b"}}, {{"to", "a"}, {"from", "b"}}, {{"to", "b"}, {"from", "b"}}});
  disk.apply({Kind::sync_folder, ""});
  CHECK(states_of(disk) == std::set<Files>{{{"to", "b"}}});
  disk.apply({Kind::remove, "to"});
  CHECK(states_of(disk) == std::set<Files>{Files(), {{"to", "b"}}});
}

TEST_CASE("two names that a cut left of one file are two names of one file") {
  Disk disk = disk_with("from", sectors(1, 'a'));
  disk.apply({Kind::rename, "from", "to"});
  EveryCut cut;
  bool seen = false;
  do {
    Disk left = disk.after(cut);
    if (left.files().size() != 2) continue;
    seen = true;
    left.apply({Kind::write, "from", {}, 0, sectors(1, 'b')});
    CHECK(left.files().at("to") == sectors(1, 'b'));
  } while (cut.next());
  CHECK(seen);
}

TEST_CASE("a folder that is synced is lost with its own entry") {
  Disk disk;
  disk.apply({Kind::make_folder, "d"});
  disk.apply({Kind::create, "d/f"});
  disk.apply({Kind::sync_folder, "d"});
  CHECK(states_of(disk) == std::set<Files>{Files(), {{"d/f", ""}}});
  disk.apply({Kind::sync_folder, ""});
  CHECK(states_of(disk) == std::set<Files>{{{"d/f", ""}}});
}
