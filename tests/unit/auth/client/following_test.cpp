// The responder, where the server's key was replaced.
#include <catch2/catch.hpp>

#include "auth/openpgp/gate/signed_message.hpp"
#include "tests/support/responder_scene.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::client;
using countersign::auth::Fingerprint;
using namespace countersign::test;

namespace {

// The server's key is replaced by the other one, and signs for it.
struct Replaced : Scene {
  Replaced() {
    statement.server_key = server.other();
    succession.server = kServerName;
    succession.from = server.server();
    succession.to = server.other();
    succession.issued_at = statement.issued_at - Seconds(3600);
    succession.expires_at = succession.issued_at + Seconds(90 * 86400);
  }

  Bytes packed() {
    server.home().set_time("20261121T162000!");
    const std::string text = write_succession(succession);
    return records::pack_succession({text, server.home().detach_sign(server.server().upper(), text),
                                     server.home().export_public(server.server().upper())})
        .value();
  }
  Bytes message(const std::string& text, std::vector<Bytes> successions) {
    server.home().set_time("20261121T172000!");
    const std::string signature = server.home().detach_sign(server.other().upper(), text);
    const std::string certificate = server.home().export_public_binary(server.other().upper());
    return openpgp::gate::make_signed_message(text, openpgp::gate::admit_signature(signature).value().packets(),
                                              as_bytes(certificate), successions)
        .value();
  }
  Bytes message(std::vector<Bytes> successions) { return message(write_statement(statement), std::move(successions)); }

  records::Succession succession;
};

}  // namespace

TEST_CASE("S02 who knows the former key follows a succession to the new one and is told") {
  Replaced scene;
  const bool typed = GENERATE(false, true);
  if (typed) {
    REQUIRE(scene.known.forget(kServerName).has_value());
    scene.expected.name = kServerName;
    scene.expected.key = scene.server.server();
  }
  require_refused(scene.open(scene.message({})), ErrorCode::server_mismatch);
  REQUIRE(scene.responder.take_followed().empty());
  REQUIRE(scene.open(scene.message({scene.packed()})).has_value());
  const auto followed = scene.responder.take_followed();
  REQUIRE((followed.size() == 1 && followed[0].from == scene.server.server()));
  CHECK(followed[0].to == scene.server.other());
  CHECK(followed[0].until == scene.succession.expires_at);
  REQUIRE(scene.responder.take_followed().empty());
}

TEST_CASE("who knows the new key needs no succession") {
  Replaced scene;
  REQUIRE(scene.known.forget(kServerName).has_value());
  REQUIRE(scene.known.trust({kServerName, scene.server.other(), ""}).has_value());
  REQUIRE(scene.open(scene.message({})).has_value());
  REQUIRE(scene.open(scene.message({scene.packed()})).has_value());
}

TEST_CASE("a session grant is followed like a challenge") {
  Replaced scene;
  const std::string text = grant_text(scene.server, kServerName, scene.server.other());
  require_refused(scene.responder.open_grant(as_text(scene.message(text, {})), scene.expected),
                  ErrorCode::server_mismatch);
  REQUIRE(scene.responder.open_grant(as_text(scene.message(text, {scene.packed()})), scene.expected).has_value());
  REQUIRE(scene.responder.take_followed().size() == 1);
}

TEST_CASE("S02 a succession leads nobody who knows another key or another server") {
  Replaced scene;
  const Bytes packed = scene.packed();
  REQUIRE(scene.known.forget(kServerName).has_value());
  require_refused(scene.open(scene.message({packed})), ErrorCode::server_unknown);
  const Fingerprint stranger = Fingerprint::parse(test::kAccountKeyDigits).value();
  REQUIRE(scene.known.trust({kServerName, stranger, ""}).has_value());
  require_refused(scene.open(scene.message({packed})), ErrorCode::server_mismatch);
}

TEST_CASE("S02 a followed challenge that the new key did not sign is refused and followed nowhere") {
  Replaced scene;
  Bytes message = scene.message({scene.packed()});
  const std::string name = "purpose: login";
  const auto at = std::search(message.begin(), message.end(), name.begin(), name.end());
  REQUIRE(at != message.end());
  *(at + 20) = static_cast<std::uint8_t>(*(at + 20) ^ 1);
  REQUIRE_FALSE(scene.open(message).has_value());
  REQUIRE(scene.responder.take_followed().empty());
}
