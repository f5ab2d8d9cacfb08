#include "auth/openpgp/rnp/key_file.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

constexpr std::chrono::days kDay{1};

// "pub" and "sub" with the second at which each ends, as gpg reads it.
std::vector<std::string> ends_in(GnupgHome& home, const std::string& key) {
  std::vector<std::string> ends;
  std::istringstream lines(home.must({"--with-colons", "--fixed-list-mode", "--list-keys", key}));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("pub:") && !line.starts_with("sub:")) continue;
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 7; ++i) std::getline(fields, field, ':');
    ends.push_back(line.substr(0, 4) + field);
  }
  return ends;
}

std::string at(Instant instant) {
  return std::to_string(unix_seconds(instant));
}

}  // namespace

TEST_CASE("gpg takes the new ends of a key from an extended certificate") {
  const KeyKind kind = GENERATE(KeyKind::ed25519_cv25519, KeyKind::rsa2048, KeyKind::nistp256);
  const auto key = must(must(openpgp::rnp::RnpOpenPgp::open(Secret()))->generate({kind, "server", kNoon}));
  const auto certificate =
      must(openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax));
  openpgp::rnp::RnpKeyFile file("here", "here/server.key", key.secret_key, "");
  GnupgHome home;
  home.set_time("20261121T130000!");
  home.import(certificate.armored());
  const std::string digits = key.fingerprint.upper();
  CHECK(ends_in(home, digits) == std::vector<std::string>{"pub:", "sub:"});

  const Instant soon = kNoon + 20 * kDay;
  const auto first = must(file.extend(certificate, soon, kNoon + Seconds(10)));
  home.import(first.armored());
  CHECK(ends_in(home, digits) == std::vector<std::string>{"pub:" + at(soon), "sub:" + at(soon)});

  // Long after it has expired, and on top of what was extended before.
  const Instant later = kNoon + 900 * kDay;
  const auto second = must(file.extend(first, later, kNoon + 100 * kDay));
  home.set_time("20270401T000000!");
  home.import(second.armored());
  CHECK(ends_in(home, digits) == std::vector<std::string>{"pub:" + at(later), "sub:" + at(later)});

  const auto third = must(file.extend(second, std::nullopt, kNoon + 101 * kDay));
  home.import(third.armored());
  CHECK(ends_in(home, digits) == std::vector<std::string>{"pub:", "sub:"});
}

TEST_CASE("extending makes a certificate of the same size however often") {
  const auto key =
      must(must(openpgp::rnp::RnpOpenPgp::open(Secret()))->generate({KeyKind::ed25519_cv25519, "server", kNoon}));
  auto certificate = must(openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax));
  openpgp::rnp::RnpKeyFile file("here", "here/server.key", key.secret_key, "");
  certificate = must(file.extend(certificate, kNoon + kDay, kNoon + Seconds(1)));
  const std::size_t size = certificate.packets().size();
  for (int i = 2; i < 20; ++i) {
    certificate = must(file.extend(certificate, kNoon + i * kDay, kNoon + Seconds(i)));
    // An integer of a signature is now and then a byte shorter.
    CHECK(certificate.packets().size() <= size + 4);
  }
}

TEST_CASE("what GnuPG made is extended with every subkey that is its own") {
  GnupgHome home;
  home.set_time("20261121T120000!");
  const std::string digits = home.make_key("ed25519", "server", "30d");
  home.add_subkey(digits, "ed25519", "sign", "10d");
  const auto certificate =
      must(openpgp::gate::admit_certificate(home.export_public(digits), openpgp::gate::kCertificateReadBytesMax));
  const std::string secret = home.export_secret_binary(digits);
  openpgp::rnp::RnpKeyFile file("here", "here/server.key", Secret(as_bytes(secret)), "");
  const Instant end = kNoon + 800 * kDay;
  const auto extended = must(file.extend(certificate, end, kNoon + 40 * kDay));
  home.set_time("20270101T000000!");
  home.import(extended.armored());
  CHECK(ends_in(home, digits) == std::vector<std::string>{"pub:" + at(end), "sub:" + at(end), "sub:" + at(end)});
}

TEST_CASE("a key that cannot certify is not extended") {
  const auto key =
      must(must(openpgp::rnp::RnpOpenPgp::open(Secret()))->generate({KeyKind::ed25519_cv25519, "server", kNoon}));
  const auto certificate =
      must(openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax));
  openpgp::rnp::RnpKeyFile nobody("here", "here/server.key", Secret(), "");
  CHECK(outcome(nobody.extend(certificate, std::nullopt, kNoon)) == "certificate_refused");
  const auto other =
      must(must(openpgp::rnp::RnpOpenPgp::open(Secret()))->generate({KeyKind::ed25519_cv25519, "server", kNoon}));
  openpgp::rnp::RnpKeyFile another("here", "here/server.key", other.secret_key, "");
  CHECK(outcome(another.extend(certificate, std::nullopt, kNoon)) == "certificate_refused");
  openpgp::rnp::RnpKeyFile file("here", "here/server.key", key.secret_key, "");
  CHECK(outcome(file.extend(certificate, kNoon, kNoon)) == "key_policy");
  CHECK(outcome(file.extend(certificate, kNoon + 60'000 * kDay, kNoon)) == "key_policy");
}
