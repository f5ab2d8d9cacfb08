#include "auth/upkeep/founding.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/secrets/private_file.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

struct Site {
  std::string found(const std::string& name) {
    return outcome(upkeep::found_store({name, scratch.path() / "secrets", "cli"}, medium, *engine, clock, rng));
  }
  ScratchFolder scratch;
  FakeClock clock;
  FakeRng rng;
  storage::MemoryMedium medium;
  std::unique_ptr<openpgp::OpenPgp> engine = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
};

}  // namespace

TEST_CASE("a founded store opens and is on record") {
  House house;
  const auto records = must(house.auth().roles().audit.list("server", 0, 10));
  REQUIRE(records.size() == 1);
  CHECK(records[0].decision == "store_created");
  CHECK(records[0].entry.key == house.auth().roles().identity.fingerprint().upper());
  CHECK(must(house.auth().roles().audit.verify({})).faults.empty());
}

TEST_CASE("two stores of one name are two servers") {
  House one;
  House two;
  CHECK(one.auth().roles().identity.context() != two.auth().roles().identity.context());
  CHECK(one.auth().roles().identity.fingerprint() != two.auth().roles().identity.fingerprint());
}

TEST_CASE("a store is founded once and only on nothing") {
  Site site;
  CHECK(site.found("https://auth.example.org") == "ok");
  CHECK(site.found("https://auth.example.org") == "conflict");
  Site used;
  must(put(used.medium, "a", "1"));
  CHECK(used.found("https://auth.example.org") == "conflict");
  CHECK_FALSE(std::filesystem::exists(used.scratch.path() / "secrets"));
}

TEST_CASE("a store is not founded under a name that cannot stand in a statement") {
  Site site;
  CHECK(site.found("a b") == "malformed_name");
  CHECK(names_in(site.medium, "", 9).empty());
}

TEST_CASE("without entropy no store is founded whenever it runs out") {
  for (int calls = 0;; ++calls) {
    Site site;
    site.rng.run_dry_after(calls);
    const std::string result = site.found("https://auth.example.org");
    if (result == "ok") {
      CHECK(calls >= 7);
      break;
    }
    CHECK(result == "entropy_unavailable");
    CHECK(text_of(site.medium, "server/identity") == "<absent>");
  }
}

namespace {

// An engine with a key of its own, and the key's certificate.
struct KeptElsewhere {
  explicit KeptElsewhere(openpgp::KeyKind kind = openpgp::KeyKind::rsa2048) {
    auto made = must(site.engine->generate({kind, "kept elsewhere", site.clock.now()}));
    certificate = openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", made.certificate);
    fingerprint = made.fingerprint;
    site.engine = must(openpgp::rnp::RnpOpenPgp::open(made.secret_key));
  }
  Result<Fingerprint> found(const std::string& with) {
    return upkeep::found_store({"https://auth.example.org", secrets(), "cli", with}, site.medium, *site.engine,
                               site.clock, site.rng);
  }
  std::filesystem::path secrets() const { return site.scratch.path() / "secrets"; }

  Site site;
  std::string certificate;
  Fingerprint fingerprint;
};

}  // namespace

TEST_CASE("a store whose server's key stays elsewhere holds no server key and opens by the key's fingerprint") {
  KeptElsewhere kept;
  CHECK(must(kept.found(kept.certificate)) == kept.fingerprint);
  CHECK_FALSE(std::filesystem::exists(kept.secrets() / "server.key"));
  secrets::Secrets secrets = must(secrets::Secrets::load_without_server_key(kept.secrets(), kNoon));
  CHECK(secrets.server_key_armored().empty());
  const auto opened = Authenticator::open(
      {"https://auth.example.org", kept.fingerprint, kept.secrets() / "floor", "server", Policies()},
      std::move(secrets), kept.site.medium, *kept.site.engine, kept.site.clock, kept.site.rng);
  CHECK(outcome(opened) == "ok");
}

TEST_CASE("S76 a server key beside one that is said to be elsewhere stops the start") {
  KeptElsewhere kept;
  must(kept.found(kept.certificate));
  must(secrets::write_private_file(kept.secrets() / "server.key", as_bytes("whose?")));
  CHECK(outcome(secrets::Secrets::load_without_server_key(kept.secrets(), kNoon)) == "startup_refused");
}

TEST_CASE("a key that another one signs with or that does not sign founds no store") {
  KeptElsewhere kept;
  KeptElsewhere other;
  CHECK_FALSE(kept.found(other.certificate));
  kept.site.engine = must(openpgp::rnp::RnpOpenPgp::open(Secret()));
  CHECK(outcome(kept.found(kept.certificate)) == "openpgp_unavailable");
  CHECK_FALSE(std::filesystem::exists(kept.secrets()));
  CHECK(names_in(kept.site.medium, "", 9).empty());
}

TEST_CASE("a key from after what the clock says founds no store, and the clock is named") {
  KeptElsewhere kept;
  kept.site.clock.set(kNoon - std::chrono::years(10));
  const auto founded = kept.found(kept.certificate);
  REQUIRE_FALSE(founded);
  CAPTURE(founded.error().detail);
  CHECK(founded.error().detail.find("set the clock") != std::string::npos);
  CHECK(names_in(kept.site.medium, "", 9).empty());
}

TEST_CASE("a key that may not sign by its policy or its flags founds no store and is told why") {
  GnupgHome home;
  KeptElsewhere kept;
  const auto refused = [&](const std::string& key) {
    kept.site.clock.set(SystemClock().now());  // GnuPG's, which made the key just before
    const auto founded = kept.found(home.export_public(key));
    REQUIRE(!founded);
    CHECK_FALSE(std::filesystem::exists(kept.secrets()));
    UNSCOPED_INFO(founded.error().detail);
    return founded.error().detail;
  };
  CHECK(refused(home.make_primary("rsa1024", "small", "sign,cert")).find("rsa1024 is not accepted") !=
        std::string::npos);
  CHECK(refused(home.make_primary("ed25519", "certifies only", "cert")).find("no key that signs") != std::string::npos);
  const std::string revoked = home.make_primary("ed25519", "revoked", "sign,cert");
  home.revoke(revoked);
  CHECK(refused(revoked).find("revoked") != std::string::npos);
}
