#include "auth/secrets/secrets.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "auth/secrets/private_file.hpp"
#include "tests/support/house.hpp"
#include "tests/support/sealed_ground.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
namespace fs = std::filesystem;

namespace {

fs::path file_of(const SealedGround& ground, const std::string& family) {
  for (const auto& entry : fs::directory_iterator(ground.secrets_folder())) {
    if (entry.path().filename().string().starts_with(family + "-")) return entry.path();
  }
  throw std::runtime_error("no " + family);
}

std::string loaded(const SealedGround& ground) {
  return outcome(secrets::Secrets::load(ground.secrets_folder(), kNoon));
}

std::string text_in(const fs::path& path) {
  return std::string(must(secrets::read_private_file(path)).reveal_text());
}
void write(const fs::path& path, std::string_view text) {
  must(secrets::write_private_file(path, as_bytes(text)));
}

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

}  // namespace

TEST_CASE("S76 secrets are written for the server's user alone") {
  SealedGround ground;
  CHECK(mode_of(ground.secrets_folder()) == 0700);
  for (const auto& entry : fs::directory_iterator(ground.secrets_folder())) {
    CAPTURE(entry.path());
    CHECK(mode_of(entry.path()) == 0600);
  }
  CHECK(loaded(ground) == "ok");
}

TEST_CASE("S76 a secret that others may read stops the start") {
  for (const char* family : {"seal", "record", "decoy"}) {
    for (const mode_t mode : {0640U, 0604U, 0644U, 0660U, 0602U, 0601U}) {
      SealedGround ground;
      REQUIRE(::chmod(file_of(ground, family).c_str(), mode) == 0);
      CAPTURE(family, mode);
      CHECK(loaded(ground) == "startup_refused");
    }
  }
  SealedGround ground;
  REQUIRE(::chmod((ground.secrets_folder() / "server.key").c_str(), 0644) == 0);
  CHECK(loaded(ground) == "startup_refused");
}

TEST_CASE("S76 a folder of secrets that others may enter stops the start") {
  for (const mode_t mode : {0755U, 0750U, 0701U, 0770U}) {
    SealedGround ground;
    REQUIRE(::chmod(ground.secrets_folder().c_str(), mode) == 0);
    CHECK(loaded(ground) == "startup_refused");
    REQUIRE(::chmod(ground.secrets_folder().c_str(), 0700) == 0);
    CHECK(loaded(ground) == "ok");
  }
}

TEST_CASE("S76 a secret that is missing stops the start") {
  for (const char* family : {"seal", "record", "decoy"}) {
    SealedGround ground;
    fs::remove(file_of(ground, family));
    CAPTURE(family);
    CHECK(loaded(ground) == "startup_refused");
  }
}

TEST_CASE("a missing key of the server is for whoever needs it to refuse") {
  SealedGround ground;
  fs::remove(ground.secrets_folder() / "server.key");
  CHECK(must(secrets::Secrets::load(ground.secrets_folder(), kNoon)).server_key_armored().empty());
}

TEST_CASE("S76 a missing folder of secrets stops the start and is not made") {
  ScratchFolder scratch;
  CHECK(outcome(secrets::Secrets::load(scratch.path() / "secrets", kNoon)) == "startup_refused");
  CHECK_FALSE(fs::exists(scratch.path() / "secrets"));
  CHECK(outcome(secrets::Secrets::load(scratch.path() / "no" / "secrets", kNoon)) == "startup_refused");
}

TEST_CASE("S76 a secret that is a link or a folder or a pipe stops the start") {
  SealedGround linked;
  const fs::path path = file_of(linked, "seal");
  fs::rename(path, linked.scratch.path() / "elsewhere");
  fs::create_symlink(linked.scratch.path() / "elsewhere", path);
  CHECK(loaded(linked) == "startup_refused");

  SealedGround folder;
  const fs::path key = file_of(folder, "record");
  fs::remove(key);
  REQUIRE(::mkdir(key.c_str(), 0700) == 0);
  CHECK(loaded(folder) == "startup_refused");

  SealedGround pipe;
  const fs::path decoy = file_of(pipe, "decoy");
  fs::remove(decoy);
  REQUIRE(::mkfifo(decoy.c_str(), 0600) == 0);
  CHECK(loaded(pipe) == "startup_refused");
}

TEST_CASE("S76 a malformed secret stops the start") {
  const auto refused = [](const std::string& from, const std::string& to) {
    SealedGround ground;
    const fs::path path = file_of(ground, "seal");
    std::string text = text_in(path);
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    write(path, text);
    CAPTURE(from, to);
    CHECK(loaded(ground) == "startup_refused");
  };
  refused("family: seal", "family: record");
  refused("id: ", "id: 0");
  refused("created: 2026", "created: 26");
  refused("from: 2026", "from: 26");
  refused("from: ", "since: ");
  refused("\nkey", "\nlast: audit/cli/00000000000000000001\nkey");
  refused("key: ", "key: A");
  refused("key: ", "Key: ");
  refused("countersign-secret-v1\n", "");
  refused("\nkey", "\n\nkey");
  SealedGround empty;
  write(file_of(empty, "record"), "");
  CHECK(loaded(empty) == "startup_refused");
}

TEST_CASE("S76 a secret cut off anywhere stops the start") {
  SealedGround ground;
  const fs::path path = file_of(ground, "record");
  const std::string text = text_in(path);
  for (std::size_t size = 0; size < text.size(); ++size) {
    write(path, text.substr(0, size));
    CAPTURE(size);
    CHECK(loaded(ground) == "startup_refused");
  }
}

TEST_CASE("S74 a secret of another version is refused by name") {
  SealedGround ground;
  const fs::path path = file_of(ground, "seal");
  std::string text = text_in(path);
  text.replace(text.find("-v1"), 3, "-v2");
  write(path, text);
  const auto secrets = secrets::Secrets::load(ground.secrets_folder(), kNoon);
  CHECK(outcome(secrets) == "startup_refused");
  CHECK(secrets.error().detail.find("version") != std::string::npos);
}

TEST_CASE("S76 a second decoy key stops the start since decoys must not change") {
  SealedGround ground;
  const fs::path path = file_of(ground, "decoy");
  std::string text = text_in(path);
  const std::string id = path.filename().string().substr(6);
  text.replace(text.find(id), 16, "00112233445566ff");
  write(ground.secrets_folder() / "decoy-00112233445566ff", text);
  CHECK(loaded(ground) == "startup_refused");
}

TEST_CASE("a key seals from its time on and the older ones still open") {
  SealedGround ground;
  const std::string old_id = ground.secrets.newest_seal_key().id;
  const Instant due = kNoon + std::chrono::hours(1);
  const secrets::SecretKey coming = must(secrets::make_secret_key(ground.rng, kNoon, due));
  must(write_secret_file(ground.secrets_folder(), secrets::SecretFamily::seal, coming));
  const auto sealing_at = [&](Instant now) {
    return must(secrets::Secrets::load(ground.secrets_folder(), now)).newest_seal_key().id;
  };
  CHECK(sealing_at(due - Seconds(1)) == old_id);
  CHECK(sealing_at(due) == coming.id);
  CHECK(sealing_at(kNoon - std::chrono::days(365)) == old_id);  // a clock that is wrong leaves somebody to seal
  for (const Instant now : {kNoon, due}) {
    const secrets::Secrets both = must(secrets::Secrets::load(ground.secrets_folder(), now));
    CHECK(both.find_seal_key(old_id) != nullptr);
    CHECK(both.find_seal_key(coming.id) != nullptr);  // loaded before it is used
    CHECK(both.find_seal_key("0000000000000002") == nullptr);
    CHECK(both.find_record_key(old_id) == nullptr);  // a family's key is of no use to another
  }
}

TEST_CASE("secrets are current until a key comes or goes or is due") {
  SealedGround ground;
  const Instant due = kNoon + std::chrono::hours(1);
  const secrets::Secrets before = must(secrets::Secrets::load(ground.secrets_folder(), kNoon));
  CHECK(must(before.is_current(kNoon)));
  const secrets::SecretKey coming = must(secrets::make_secret_key(ground.rng, kNoon, due));
  must(write_secret_file(ground.secrets_folder(), secrets::SecretFamily::record, coming));
  CHECK_FALSE(must(before.is_current(kNoon)));
  const secrets::Secrets loaded = must(secrets::Secrets::load(ground.secrets_folder(), kNoon));
  CHECK(must(loaded.is_current(due - Seconds(1))));
  CHECK_FALSE(must(loaded.is_current(due)));
  const secrets::Secrets after = must(secrets::Secrets::load(ground.secrets_folder(), due));
  CHECK(must(after.is_current(due)));
  CHECK(must(after.is_current(kNoon)));  // set back, the clock changes nothing
  must(destroy_secret_file(ground.secrets_folder(), secrets::SecretFamily::record, coming.id));
  CHECK_FALSE(must(after.is_current(due)));
}

TEST_CASE("a key file of the first release is in use from its making on") {
  SealedGround ground;
  const fs::path path = file_of(ground, "seal");
  std::string text = text_in(path);
  const auto from = text.find("from: ");
  REQUIRE(from != std::string::npos);
  text.erase(from, text.find('\n', from) + 1 - from);
  write(path, text);
  const secrets::Secrets secrets = must(secrets::Secrets::load(ground.secrets_folder(), kNoon));
  CHECK(secrets.newest_seal_key().from == kNoon);
  CHECK(secrets.newest_seal_key().created_at == kNoon);
}

TEST_CASE("files that are no secrets are left alone") {
  SealedGround ground;
  write(ground.secrets_folder() / "seal-notes", "hello");
  write(ground.secrets_folder() / "floor", "hello");
  write(ground.secrets_folder() / ("other-" + std::string(16, '0')), "hello");
  CHECK(loaded(ground) == "ok");
}

TEST_CASE("secrets are never written over others") {
  SealedGround ground;
  CHECK(outcome(secrets::Secrets::create(ground.secrets_folder(), ground.rng, kNoon, Secret())) == "conflict");
  CHECK(loaded(ground) == "ok");
}

TEST_CASE("without entropy no secrets are made") {
  ScratchFolder scratch;
  for (int calls = 0; calls < 6; ++calls) {
    FakeRng rng;
    rng.run_dry_after(calls);
    const fs::path folder = scratch.path() / std::to_string(calls);
    CHECK(outcome(secrets::Secrets::create(folder, rng, kNoon, Secret(as_bytes("k")))) == "entropy_unavailable");
    CHECK(outcome(secrets::Secrets::load(folder, kNoon)) == "startup_refused");
  }
}
