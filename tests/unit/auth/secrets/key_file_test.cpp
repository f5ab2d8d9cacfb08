#include "auth/secrets/key_file.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "auth/secrets/private_file.hpp"
#include "tests/support/house.hpp"
#include "tests/support/sealed_ground.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
namespace fs = std::filesystem;

namespace {

std::string text_in(const fs::path& path) {
  return std::string(must(secrets::read_private_file(path)).reveal_text());
}

std::set<std::string> names(const fs::path& folder) {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) found.insert(entry.path().filename().string());
  return found;
}

secrets::SecretKey key_of(FakeRng& rng) {
  return must(secrets::make_secret_key(rng, kNoon, kNoon + Seconds(300)));
}

}  // namespace

TEST_CASE("a key file gives back the key that was written") {
  ScratchFolder scratch;
  FakeRng rng;
  for (const secrets::SecretFamily family : secrets::kSecretFamilies) {
    secrets::SecretKey key = key_of(rng);
    if (family == secrets::SecretFamily::audit)
      key.last = {"audit/cli/00000000000000000003", "audit/s/00000000000000000009"};
    must(write_secret_file(scratch.path(), family, key));
    const secrets::SecretKey read = must(read_secret_file(scratch.path(), family, key.id));
    CHECK(read.id == key.id);
    CHECK(read.created_at == kNoon);
    CHECK(read.from == kNoon + Seconds(300));
    CHECK(read.last == key.last);
    CHECK(equal_constant_time(read.key.reveal(), key.key.reveal()));
    CHECK(secrets::parse_secret_file_name(secret_file_name(family, key.id)) == std::pair(family, key.id));
  }
}

TEST_CASE("names that are no key's are none") {
  for (const char* name : {"seal", "seal-", "seal-0123", "seal-0123456789ABCDEF", "other-0123456789abcdef",
                           "seal-0123456789abcdef.gone", "seal-0123456789abcdef.new", "floor", "-0123456789abcdef"}) {
    CAPTURE(name);
    CHECK_FALSE(secrets::parse_secret_file_name(name));
  }
}

TEST_CASE("S76 an audit key with a line that is no audit record's is malformed") {
  ScratchFolder scratch;
  FakeRng rng;
  secrets::SecretKey key = key_of(rng);
  for (const char* last : {"sessions/00", "audit/", "audit/../x", "audit/cli/A"}) {
    key.last = {last};
    must(write_secret_file(scratch.path(), secrets::SecretFamily::audit, key));
    CAPTURE(last);
    CHECK(outcome(read_secret_file(scratch.path(), secrets::SecretFamily::audit, key.id)) == "startup_refused");
  }
}

// Where a stop in the middle of each leaves the folder.
TEST_CASE("writing and destroying a key leave a folder that loads wherever they stop") {
  SealedGround ground;
  const fs::path folder = ground.secrets_folder();
  const auto before = names(folder);
  const secrets::SecretKey key = key_of(ground.rng);
  const std::string name = secret_file_name(secrets::SecretFamily::seal, key.id);
  must(write_secret_file(folder, secrets::SecretFamily::seal, key));
  const std::string text = text_in(folder / name);
  const auto loads = [&] { return outcome(secrets::Secrets::load(folder, kNoon)); };

  SECTION("a temporary file, whole or torn") {
    for (const std::size_t size : {std::size_t{0}, text.size() / 2, text.size()}) {
      for (const char* ending : {".new", ".new-0123456789abcdef"}) {
        must(secrets::write_private_file(folder / (name + ending), as_bytes(text.substr(0, size))));
      }
      CHECK(loads() == "ok");
    }
  }
  SECTION("renamed and not yet overwritten") {
    fs::rename(folder / name, folder / (name + ".gone"));
    CHECK(loads() == "ok");
  }
  SECTION("overwritten and not yet removed") {
    fs::rename(folder / name, folder / (name + ".gone"));
    must(secrets::overwrite_private_file(folder / (name + ".gone")));
    CHECK(text_in(folder / (name + ".gone")) == std::string(text.size(), '0'));
    CHECK(loads() == "ok");
  }
  SECTION("nothing stopped it") {
    must(destroy_secret_file(folder, secrets::SecretFamily::seal, key.id));
    CHECK(names(folder) == before);
  }
  must(secrets::sweep_secret_files(folder));
  std::set<std::string> after = names(folder);
  after.erase(name);
  CHECK(after == before);
  CHECK(loads() == "ok");
}

TEST_CASE("sweeping leaves alone what is no key's") {
  SealedGround ground;
  const fs::path folder = ground.secrets_folder();
  for (const char* name : {"notes.gone", "floor.new", "seal-x.gone", "seal-x.new-0123456789abcdef"})
    must(secrets::write_private_file(folder / name, {}));
  const auto before = names(folder);
  must(secrets::sweep_secret_files(folder));
  CHECK(names(folder) == before);
}

TEST_CASE("a key that is not there is not destroyed in silence") {
  SealedGround ground;
  CHECK(outcome(destroy_secret_file(ground.secrets_folder(), secrets::SecretFamily::seal, "0123456789abcdef")) ==
        "storage_unavailable");
}
