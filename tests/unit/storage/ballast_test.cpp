#include "storage/ballast.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "storage/sqlite_medium.hpp"
#include "tests/support/house_keys.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::storage;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// Takes nothing while a file is there, as a full disk does until that much of it is given back.
class FullDisk final : public Medium {
 public:
  FullDisk(Medium& inner, const Ballast& ballast) : inner_(inner), ballast_(ballast) {}
  bool full = false;

  Result<Entry> read(std::string_view name) override { return inner_.read(name); }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    return inner_.list(prefix, after, limit);
  }
  Status commit(const Batch& batch) override {
    if (full && ballast_.is_there()) return fail(ErrorCode::storage_unavailable, "no space left on device");
    return inner_.commit(batch);
  }
  Result<Mark> mark() override { return inner_.mark(); }

 private:
  Medium& inner_;
  const Ballast& ballast_;
};

std::unique_ptr<auth::Authenticator> open_beside(House& house, Medium& medium, const fs::path& ballast) {
  auth::AuthenticatorSettings settings;
  settings.server_name = house.settings.server;
  settings.server_fingerprint = house.fingerprint();
  settings.floor_path = house.secrets_folder() / "floor";
  settings.writer = "other";
  settings.policies = house.settings.policies;
  settings.ballast_path = ballast;
  return must(auth::Authenticator::open(std::move(settings),
                                        must(auth::secrets::Secrets::load(house.secrets_folder(), kNoon)), medium,
                                        house.engine(), house.clock, house.rng));
}

struct FullHouse {
  FullHouse() : ballast(scratch.path() / "ballast"), disk(memory, ballast), house(disk) {
    house.add(alice());
    house.add(bob());
    must(ballast.refill());
    opened = open_beside(house, disk, scratch.path() / "ballast");
    disk.full = true;
  }
  ScratchFolder scratch;
  Ballast ballast;
  MemoryMedium memory;
  FullDisk disk;
  House house;
  std::unique_ptr<auth::Authenticator> opened;
};

}  // namespace

TEST_CASE("the ballast is a file of 4 MiB that is really there") {
  const ScratchFolder scratch;
  Ballast ballast(scratch.path() / "ballast");
  CHECK_FALSE(ballast.is_there());
  CHECK_FALSE(ballast.release());
  must(ballast.refill());
  REQUIRE(ballast.is_there());
  struct stat found {};
  REQUIRE(::stat((scratch.path() / "ballast").c_str(), &found) == 0);
  CHECK(found.st_size == 4 << 20);
  CHECK(found.st_blocks * 512 >= 4 << 20);
  CHECK((found.st_mode & 0777) == 0600);
  must(ballast.refill());
  CHECK(ballast.release());
  CHECK_FALSE(ballast.is_there());
  CHECK_FALSE(ballast.release());
}

TEST_CASE("a ballast that was cut off is made anew and none is kept without a path") {
  const ScratchFolder scratch;
  const fs::path path = scratch.path() / "ballast";
  write_file(path, "half of it");
  Ballast ballast(path);
  CHECK_FALSE(ballast.is_there());
  must(ballast.refill());
  CHECK(fs::file_size(path) == 4u << 20);
  Ballast none{fs::path()};
  must(none.refill());
  CHECK_FALSE(none.is_there());
  CHECK_FALSE(none.release());
}

TEST_CASE("a ballast says whether it is there, is missing, or has no room") {
  CHECK(Ballast(fs::path()).state() == BallastState::not_kept);
  const ScratchFolder scratch;
  Ballast ballast(scratch.path() / "ballast");
  CHECK(ballast.state() == BallastState::missing);
  must(ballast.refill());
  CHECK(ballast.state() == BallastState::there);
  CHECK(ballast.release());
  CHECK(ballast.state() == BallastState::missing);
  CHECK(Ballast(scratch.path() / "no such folder" / "ballast").state() == BallastState::no_room);
}

TEST_CASE("on a disk that is too small for the ballast none is made and it says so") {
  const ScratchFolder scratch;
  const fs::path disk = scratch.path() / "disk";
  fs::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=16m,mode=0700") != 0) {
    WARN("no file system may be mounted here, so the small disk is not tried");
    return;
  }
  Ballast ballast(disk / "ballast");
  const Status refilled = ballast.refill();
  const BallastState state = ballast.state();
  ::umount2(disk.c_str(), MNT_DETACH);
  CHECK(outcome(refilled) == "ok");
  CHECK(state == BallastState::too_small);
}

TEST_CASE("a revocation is written though the disk is full and the ballast comes back when there is room") {
  FullHouse place;
  CHECK(outcome(place.opened->roles().enrolment.add({"carol", carol().certificate(), false}, by_hand())) ==
        "storage_unavailable");
  REQUIRE(place.ballast.is_there());
  CHECK(outcome(place.opened->roles().revocation.by_administrator(alice().account(), "key_compromised", "",
                                                                  by_hand())) == "ok");
  CHECK_FALSE(place.ballast.is_there());
  CHECK(must(place.opened->roles().accounts.show(alice().account())).account.state ==
        auth::records::AccountState::revoked);
  must(place.opened->maintain());
  CHECK(place.ballast.is_there());
}

TEST_CASE("ending all sessions is written though the disk is full") {
  FullHouse place;
  CHECK(outcome(place.opened->roles().sessions.end_all(bob().account(), by_hand())) == "ok");
  CHECK_FALSE(place.ballast.is_there());
  CHECK(must(place.opened->roles().accounts.show(bob().account())).account.epoch == 1);
}

TEST_CASE("rotation and deletion are written though the disk is full") {
  for (const bool rotates : {true, false}) {
    FullHouse place;
    CHECK(outcome(rotates ? place.opened->roles().rotation.by_administrator(alice().account(), next_key().certificate(),
                                                                            by_hand())
                          : place.opened->roles().deletion.by_administrator(alice().account(), by_hand())) == "ok");
    CHECK_FALSE(place.ballast.is_there());
  }
}

TEST_CASE("on a real disk that is full a revocation goes through in the ballast's room") {
  const ScratchFolder scratch;
  const fs::path disk = scratch.path() / "disk";
  fs::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=40m,mode=0700") != 0) {
    WARN("no file system may be mounted here, so the real disk is not tried");
    return;
  }
  struct Unmount {
    const fs::path& where;
    ~Unmount() { ::umount2(where.c_str(), MNT_DETACH); }
  } const unmount{disk};
  must(SqliteMedium::create(disk / "store.db"));
  const auto medium = must(SqliteMedium::open(disk / "store.db"));
  House house(*medium);
  house.add(alice());
  Ballast ballast(disk / "ballast");
  must(ballast.refill());
  REQUIRE(ballast.is_there());
  auto opened = open_beside(house, *medium, disk / "ballast");
  // Fill it to the last byte, then until the store takes nothing more.
  run_program({"sh", "-c", "cat /dev/zero > \"$0\" 2> /dev/null || true", (disk / "filler").string()}, "");
  Status taken = ok();
  for (int i = 0; i < 10'000 && taken; ++i) {
    Batch batch;
    batch.put("limits/" + std::to_string(i), Bytes(4096, 1));
    taken = medium->commit(batch);
  }
  REQUIRE(outcome(taken) == "storage_unavailable");
  CHECK(outcome(opened->roles().revocation.by_administrator(alice().account(), "key_compromised", "", by_hand())) ==
        "ok");
  CHECK_FALSE(ballast.is_there());
  // No room for another one, and that is no failure.
  must(ballast.refill());
  CHECK(ballast.state() == BallastState::no_room);
  CHECK(must(opened->roles().accounts.show(alice().account())).account.state == auth::records::AccountState::revoked);
}
