// What the server seals, opened by the rnp program, which cannot try its keys and so needs the key id.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/signed_message.hpp"
#include "auth/openpgp/policy.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/gnupg_home.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;
using namespace countersign::test;

namespace {

std::string write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

}  // namespace

TEST_CASE("the rnp program opens a sealed text whose recipient is shown") {
  if (run_program({"rnp", "--version"}, "").exit_code != 0) {
    WARN("the program rnp is not installed");
    return;
  }
  const Instant now = parse_time("2026-01-01T00:00:00Z").value();
  const auto maker = openpgp::rnp::RnpOpenPgp::open(Secret()).value();
  const auto server =
      openpgp::rnp::RnpOpenPgp::open(maker->generate({KeyKind::ed25519_cv25519, "server", now})->secret_key).value();
  const GnupgHome folder;  // for its folder
  const std::filesystem::path home = folder.path();
  const std::string text = "countersign-statement-v1\n";
  for (const KeyKind kind : {KeyKind::ed25519_cv25519, KeyKind::rsa2048, KeyKind::nistp256}) {
    const auto key = maker->generate({kind, "Alice", now}).value();
    const auto certificate =
        openpgp::gate::admit_certificate(key.certificate, openpgp::gate::kCertificateReadBytesMax).value();
    const auto facts = server->inspect(certificate, now).value();
    const auto encryption = choose_encryption_key(facts, now).value();
    const std::string secret = write_file(home / "secret.pgp", key.secret_key.reveal_text());
    const std::string message =
        write_file(home / "message.asc", server->seal({certificate, encryption.fingerprint, text, false, now}).value());
    // It does not know the server's key, says so, and writes the text all the same.
    const std::string out = (home / "out.txt").string();
    run_program(
        {"rnp", "--homedir", home.string(), "--keyfile", secret, "--decrypt", "--overwrite", "--output", out, message},
        "");
    std::ifstream file(out, std::ios::binary);
    const std::string opened((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    CHECK(opened == text);
  }
}
