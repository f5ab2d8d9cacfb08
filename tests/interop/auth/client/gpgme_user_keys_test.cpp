#include "auth/client/gpgme_user_keys.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "auth/openpgp/gate/signed_message.hpp"
#include "tests/support/gnupg_home.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::client;
using auth::Fingerprint;
using test::GnupgHome;

namespace {

const std::string kText = "countersign-statement-v1\npurpose: login\n";

Fingerprint parse(const std::string& digits) {
  return Fingerprint::parse(digits).value();
}

std::unique_ptr<client::GpgmeUserKeys> keys_of(const GnupgHome& home) {
  return client::GpgmeUserKeys::open_home(home.path()).value();
}

// A server and a user, each with a home of their own; the server has the user's certificate.
struct Pair {
  Pair() { server.import(user.export_public(user_key)); }

  std::string seal(std::string_view text, const std::vector<std::string>& extra = {}) {
    std::vector<std::string> arguments = extra;
    for (const char* argument : {"--armor", "-z", "0", "--sign", "--encrypt", "--hidden-recipient"}) {
      arguments.emplace_back(argument);
    }
    arguments.push_back(user_key);
    return server.must(arguments, text);
  }

  GnupgHome server;
  GnupgHome user;
  std::string server_key = server.make_key("ed25519", "server");
  std::string user_key = user.make_key("ed25519", "user");
};

Pair& pair_of_homes() {
  static Pair pair;
  return pair;
}

template <class Value>
void require_refused(const Result<Value>& result, ErrorCode code) {
  REQUIRE(!result);
  INFO(result.error().detail);
  REQUIRE(name_of(result.error().code) == name_of(code));
}

// Speaks enough of the Assuan protocol to be asked, and answers GETPIN with a cancel.
std::string write_cancelling_pinentry(const std::string& folder) {
  const std::string path = folder + "/pinentry.sh";
  std::ofstream file(path);
  file << "#!/bin/sh\necho OK ready\nwhile read -r word rest; do\n  case $word in\n"
       << "    GETPIN) echo 'ERR 83886179 Operation cancelled <Pinentry>' ;;\n"
       << "    BYE) echo OK; exit 0 ;;\n    *) echo OK ;;\n  esac\ndone\n";
  file.close();
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

struct ProtectedHome {
  explicit ProtectedHome(const std::string& pinentry) {
    std::ofstream(home.path() + "/gpg-agent.conf", std::ios::app) << "pinentry-program " << pinentry << "\n";
    home.must({"--passphrase", "secret", "--quick-generate-key", "user", "ed25519", "sign,cert", "none"});
    key = parse(home.fingerprints("=user").at(0));
    // The agent remembers the passphrase of a key it has just made.
    test::run_program({"gpgconf", "--homedir", home.path(), "--kill", "gpg-agent"}, {});
  }
  GnupgHome home;
  Fingerprint key;
};

}  // namespace

TEST_CASE("S02 opening takes the encryption off and leaves the signature to be checked") {
  Pair& pair = pair_of_homes();
  const auto packets = keys_of(pair.user)->open(pair.seal(kText));
  REQUIRE(packets.has_value());
  const auto inside = auth::openpgp::gate::take_signed_message(packets->reveal());
  REQUIRE(inside.has_value());
  REQUIRE(inside->text == kText);
  REQUIRE(inside->signature.issuer() == parse(pair.server_key));
}

TEST_CASE("S67 opening leaves the user's keyring as it was") {
  Pair& pair = pair_of_homes();
  const std::string before = pair.user.must({"--with-colons", "--list-keys"});
  REQUIRE(keys_of(pair.user)->open(pair.seal(kText, {"--include-key-block"})).has_value());
  REQUIRE(pair.user.must({"--with-colons", "--list-keys"}) == before);
}

TEST_CASE("S58 a message without integrity protection is refused, also where gpg is told to take it") {
  Pair& pair = pair_of_homes();
  const std::string message = pair.seal(kText, {"--rfc2440", "--cipher-algo", "AES256"});
  REQUIRE(!keys_of(pair.user)->open(message));
  const std::string conf = pair.user.path() + "/gpg.conf";
  std::filesystem::copy_file(conf, conf + ".saved", std::filesystem::copy_options::overwrite_existing);
  std::ofstream(conf, std::ios::app) << "ignore-mdc-error\n";
  const auto opened = keys_of(pair.user)->open(message);
  std::filesystem::rename(conf + ".saved", conf);
  require_refused(opened, ErrorCode::packet_refused);
}

TEST_CASE("S58 a message with a changed byte gives nothing") {
  Pair& pair = pair_of_homes();
  pair.server.must(
      {"--yes", "-o", pair.server.path() + "/m.gpg", "-z", "0", "--sign", "--encrypt", "--recipient", pair.user_key},
      kText);
  std::ifstream file(pair.server.path() + "/m.gpg", std::ios::binary);
  std::string message((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  REQUIRE(keys_of(pair.user)->open(message).has_value());
  message[message.size() - 40] = static_cast<char>(message[message.size() - 40] ^ 1);
  REQUIRE(!keys_of(pair.user)->open(message));
}

TEST_CASE("a message for another key is not found rather than failed") {
  Pair& pair = pair_of_homes();
  GnupgHome stranger;
  stranger.make_key("ed25519", "stranger");
  require_refused(keys_of(stranger)->open(pair.seal(kText)), ErrorCode::not_found);
}

TEST_CASE("S02 what is not encrypted is not opened") {
  Pair& pair = pair_of_homes();
  require_refused(keys_of(pair.user)->open(pair.server.must({"--armor", "-z", "0", "--sign"}, kText)),
                  ErrorCode::malformed_message);
  require_refused(keys_of(pair.user)->open("hello"), ErrorCode::malformed_message);
  require_refused(keys_of(pair.user)->open(""), ErrorCode::malformed_message);
}

TEST_CASE("S61 a message that is too large is refused before GnuPG sees it, and one that swells after") {
  Pair& pair = pair_of_homes();
  require_refused(keys_of(pair.user)->open(std::string((64u << 10) + 1, 'a')), ErrorCode::message_too_large);
  const std::string bomb =
      pair.server.must({"--armor", "-z", "9", "--encrypt", "--recipient", pair.user_key}, std::string(200u << 10, 'a'));
  REQUIRE(bomb.size() < (64u << 10));
  // GnuPG itself leaves the compression on, since it belongs to what is inside; the gate refuses it there.
  const auto opened = keys_of(pair.user)->open(bomb);
  if (opened) REQUIRE(!auth::openpgp::gate::take_signed_message(opened->reveal()));
}

TEST_CASE("a text is clear-signed with the certificate of the fingerprint, by the subkey that GnuPG chooses") {
  Pair& pair = pair_of_homes();
  GnupgHome home;
  const std::string primary = home.make_primary("ed25519", "with subkey", "cert");
  const std::string subkey = home.add_subkey(primary, "ed25519", "sign");
  const auto response = keys_of(home)->clear_sign(kText, parse(primary));
  REQUIRE(response.has_value());
  REQUIRE(response->find("\n\n" + kText + "-----BEGIN PGP SIGNATURE-----") != std::string::npos);
  const auto verified = home.run({"--status-fd", "1", "--verify"}, *response);
  REQUIRE(verified.exit_code == 0);
  REQUIRE(verified.output.find("VALIDSIG " + subkey) != std::string::npos);
  REQUIRE(verified.output.find(primary + "\n") != std::string::npos);
  REQUIRE(keys_of(pair.user)->clear_sign(kText, parse(pair.user_key)).has_value());
}

TEST_CASE("a key that the user does not hold, or only in part, signs nothing") {
  Pair& pair = pair_of_homes();
  pair.user.import(pair.server.export_public(pair.server_key));
  const auto keys = keys_of(pair.user);
  require_refused(keys->clear_sign(kText, parse(pair.server_key)), ErrorCode::not_found);
  require_refused(keys->clear_sign(kText, parse(std::string(40, 'A'))), ErrorCode::not_found);
  const std::string subkey = pair.user.fingerprints(pair.user_key).at(1);
  require_refused(keys->clear_sign(kText, parse(subkey)), ErrorCode::not_found);
}

TEST_CASE("a revoked or expired key signs nothing and the error says which it is") {
  GnupgHome home;
  home.set_time("20200101T000000");
  const std::string expired = home.make_key("ed25519", "expired", "20200201T000000");
  home.set_time("");
  require_refused(keys_of(home)->clear_sign(kText, parse(expired)), ErrorCode::key_expired);
  const std::string revoked = home.make_key("ed25519", "revoked");
  home.revoke(revoked);
  require_refused(keys_of(home)->clear_sign(kText, parse(revoked)), ErrorCode::key_revoked);
}

TEST_CASE("a cancelled passphrase says that it was cancelled and what to do where nothing was asked") {
  GnupgHome scratch;
  const ProtectedHome home(write_cancelling_pinentry(scratch.path()));
  const auto response = keys_of(home.home)->clear_sign(kText, home.key);
  require_refused(response, ErrorCode::gnupg_failed);
  REQUIRE(response.error().detail.find("cancelled") != std::string::npos);
  REQUIRE(response.error().detail.find("GPG_TTY") != std::string::npos);
}

TEST_CASE("a pinentry that is missing is named with what to do") {
  const ProtectedHome home("/nonexistent/pinentry");
  const auto response = keys_of(home.home)->clear_sign(kText, home.key);
  require_refused(response, ErrorCode::gnupg_failed);
  REQUIRE(response.error().detail.find("pinentry") != std::string::npos);
}

TEST_CASE("a GnuPG home that is not there is an error that names it") {
  const auto keys = client::GpgmeUserKeys::open_home("/nonexistent/gnupg");
  require_refused(keys, ErrorCode::gnupg_failed);
  REQUIRE(keys.error().detail.find("/nonexistent/gnupg") != std::string::npos);
}

TEST_CASE("where the clock is before the making of a key it is the clock that is named") {
  GnupgHome home;
  home.set_time("20400101T000000");
  const std::string key = home.make_key("ed25519", "user");
  const std::string message =
      home.must({"--armor", "--trust-model", "always", "--encrypt", "--hidden-recipient", key}, kText);
  home.set_time("");
  const auto keys = keys_of(home);
  const auto opened = keys->open(message);
  require_refused(opened, ErrorCode::gnupg_failed);
  CHECK(opened.error().detail.find("was made on 2040-01-01T") != std::string::npos);
  // One that names its recipient is opened all the same.
  const auto response = keys->clear_sign(kText, parse(key));
  require_refused(response, ErrorCode::gnupg_failed);
  CHECK(response.error().detail.find(key + " was made on 2040-01-01T") != std::string::npos);
  CHECK(response.error().detail.find("is the clock right?") != std::string::npos);
}
