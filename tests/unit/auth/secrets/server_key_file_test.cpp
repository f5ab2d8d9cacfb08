#include "auth/secrets/server_key_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <set>

#include "auth/secrets/private_file.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

Secret secret(const std::string& text) {
  return Secret(as_bytes(text));
}

std::set<std::string> names(const std::filesystem::path& folder) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) found.insert(entry.path().filename().string());
  return found;
}

std::string key_of(const std::filesystem::path& folder, const Fingerprint& key) {
  const auto read = secrets::read_server_key(folder, key);
  return read ? std::string(read->reveal_text()) : outcome(read);
}

}  // namespace

TEST_CASE("the key that the record names is found at every step of its replacement") {
  ScratchFolder scratch;
  const auto& folder = scratch.path();
  must(secrets::write_private_file(secrets::server_key_file(folder), as_bytes("old")));
  CHECK(key_of(folder, alice().fingerprint()) == "old");
  must(secrets::write_server_key(folder, bob().fingerprint(), secret("new")));
  // Before the commit the record names alice's, after it bob's.
  CHECK(key_of(folder, alice().fingerprint()) == "old");
  CHECK(key_of(folder, bob().fingerprint()) == "new");
  must(secrets::settle_server_key(folder, bob().fingerprint()));
  CHECK(key_of(folder, bob().fingerprint()) == "new");
  CHECK(names(folder) == std::set<std::string>{"server.key"});
  must(secrets::settle_server_key(folder, bob().fingerprint()));
  CHECK(names(folder) == std::set<std::string>{"server.key"});
}

TEST_CASE("keys of replacements that were never committed go with the next one that is") {
  ScratchFolder scratch;
  const auto& folder = scratch.path();
  must(secrets::write_private_file(secrets::server_key_file(folder), as_bytes("old")));
  must(secrets::write_server_key(folder, alice().fingerprint(), secret("given up")));
  must(secrets::write_server_key(folder, bob().fingerprint(), secret("new")));
  must(secrets::write_private_file(folder / "server-notes.key", as_bytes("somebody's own")));
  must(secrets::settle_server_key(folder, bob().fingerprint()));
  CHECK(names(folder) == std::set<std::string>{"server.key", "server-notes.key"});
  CHECK(key_of(folder, bob().fingerprint()) == "new");
}

TEST_CASE("S76 a key file that others can read is refused and none is not found") {
  ScratchFolder scratch;
  const auto& folder = scratch.path();
  CHECK(key_of(folder, bob().fingerprint()) == "not_found");
  must(secrets::write_server_key(folder, bob().fingerprint(), secret("new")));
  REQUIRE(::chmod(secrets::server_key_file(folder, bob().fingerprint()).c_str(), 0640) == 0);
  CHECK(key_of(folder, bob().fingerprint()) == "startup_refused");
}
