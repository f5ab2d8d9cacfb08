#include "auth/client/responder.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/signed_message.hpp"
#include "tests/support/responder_scene.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::client;
using countersign::auth::Fingerprint;
using namespace countersign::test;

TEST_CASE("S02 a statement by a known server is opened and exactly its text is signed with the key it names") {
  Scene scene;
  const auto checked = scene.open_statement();
  REQUIRE(checked.has_value());
  REQUIRE(checked->statement() == scene.statement);
  REQUIRE(scene.keys.signed_texts.empty());
  REQUIRE(scene.responder.sign(*checked).has_value());
  REQUIRE(scene.keys.signed_texts == std::vector<std::string>{write_statement(scene.statement)});
  REQUIRE(scene.keys.signed_with == scene.statement.key);
}

TEST_CASE("S01 a challenge that another server passed on is refused though its maker is known too") {
  Scene scene;
  scene.expected.name = "https://evil.example";
  REQUIRE(scene.known.trust({"https://evil.example", scene.server.other(), ""}).has_value());
  require_refused(scene.open_statement(), ErrorCode::server_mismatch);
}

TEST_CASE("S01 a server that signs another's name with its own key is refused") {
  Scene scene;
  const std::string honest_key = write_statement(scene.statement);
  require_refused(scene.open(scene.server.message(honest_key, scene.server.other(), scene.server.other())),
                  ErrorCode::server_mismatch);
  scene.statement.server_key = scene.server.other();
  const std::string own_key = write_statement(scene.statement);
  require_refused(scene.open(scene.server.message(own_key, scene.server.other(), scene.server.other())),
                  ErrorCode::server_mismatch);
}

TEST_CASE("S02 the known server's certificate beside another's signature is refused") {
  Scene scene;
  const std::string text = write_statement(scene.statement);
  require_refused(scene.open(scene.server.message(text, scene.server.other(), scene.server.server())),
                  ErrorCode::signature_by_another_key);
}

TEST_CASE("S02 a statement that names another server key than the one it came with is refused") {
  Scene scene;
  scene.statement.server_key = scene.server.other();
  require_refused(scene.open_statement(), ErrorCode::server_mismatch);
}

TEST_CASE("S02 an unknown server is refused with its fingerprint and the command that trusts it") {
  Scene scene;
  REQUIRE(scene.known.forget(kServerName).has_value());
  const auto checked = scene.open_statement();
  require_refused(checked, ErrorCode::server_unknown);
  REQUIRE(checked.error().detail.find("countersign server trust https://auth.example.org " +
                                      scene.server.server().upper()) != std::string::npos);
}

TEST_CASE("S02 a fingerprint is not shown for a key that did not sign") {
  Scene scene;
  REQUIRE(scene.known.forget(kServerName).has_value());
  const std::string text = write_statement(scene.statement);
  require_refused(scene.open(scene.server.message(text, scene.server.other(), scene.server.server())),
                  ErrorCode::signature_by_another_key);
}

TEST_CASE("S02 a fingerprint given with the name wins over the known one") {
  Scene scene;
  scene.expected.name = kServerName;
  scene.expected.key = scene.server.server();
  REQUIRE(scene.open_statement().has_value());
  scene.expected.key = scene.server.other();
  require_refused(scene.open_statement(), ErrorCode::server_mismatch);
  REQUIRE(scene.known.forget(kServerName).has_value());
  scene.expected.key = scene.server.server();
  REQUIRE(scene.open_statement().has_value());
}

TEST_CASE("S02 a message without the server's certificate is refused") {
  Scene scene;
  const std::string text = write_statement(scene.statement);
  require_refused(scene.open(scene.server.message(text, scene.server.server(), Fingerprint{})),
                  ErrorCode::packet_refused);
}

TEST_CASE("S02 a text that nobody signed is refused") {
  Scene scene;
  const std::string text = write_statement(scene.statement);
  Bytes literal = {0xCB};  // new format, tag 11
  const std::size_t size = 6 + text.size();
  REQUIRE(size >= 192);
  literal.push_back(static_cast<std::uint8_t>(192 + ((size - 192) >> 8)));
  literal.push_back(static_cast<std::uint8_t>((size - 192) & 0xFF));
  append(literal, Bytes{'b', 0, 0, 0, 0, 0});
  append(literal, as_bytes(text));
  require_refused(scene.open(literal), ErrorCode::signature_missing);
}

TEST_CASE("S02 no changed byte of a signed message is let through as another statement") {
  Scene scene;
  const Bytes message = scene.server.message(scene.statement);
  for (std::size_t i = 0; i < message.size(); ++i) {
    Bytes changed = message;
    changed[i] ^= 0x01;
    const auto checked = scene.open(changed);
    // What is not signed may change (the file name, the literal's date, unhashed subpackets), what it says may not.
    if (checked) REQUIRE(checked->text() == write_statement(scene.statement));
  }
}

TEST_CASE("S01 the known server itself gets no other text signed") {
  Scene scene;
  const std::string statement = write_statement(scene.statement);
  const std::string texts[] = {"",
                               "hello\n",
                               "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n",
                               std::string(32, 'A'),
                               statement + "note: and transfer 100\n",
                               statement + "\n",
                               " " + statement,
                               statement.substr(0, statement.size() - 1),
                               grant_text(scene.server, kServerName, scene.server.server())};
  for (const std::string& text : texts) {
    INFO(text);
    require_refused(scene.open(scene.server.message(text, scene.server.server(), scene.server.server())),
                    ErrorCode::malformed_statement);
  }
  REQUIRE(scene.keys.signed_texts.empty());
}

TEST_CASE("S74 a statement of another version is refused by name") {
  Scene scene;
  std::string text = write_statement(scene.statement);
  text.replace(text.find("-v1"), 3, "-v2");
  require_refused(scene.open(scene.server.message(text, scene.server.server(), scene.server.server())),
                  ErrorCode::unknown_version);
}

TEST_CASE("S01 a statement for another purpose than the one that was meant is refused") {
  Scene scene;
  scene.statement.purpose = records::Purpose::password;
  require_refused(scene.open_statement(), ErrorCode::challenge_of_another_purpose);
  REQUIRE(scene.open(scene.server.message(scene.statement), records::Purpose::password).has_value());
}

TEST_CASE("a challenge expires for its signer at its expiry instant and not before") {
  Scene scene;
  const Bytes message = scene.server.message(scene.statement);
  scene.clock.now_ = scene.statement.expires_at - Seconds(1);
  const auto checked = scene.open(message);
  REQUIRE(checked.has_value());
  scene.clock.now_ = scene.statement.expires_at;
  const auto late = scene.open(message);
  require_refused(late, ErrorCode::challenge_expired);
  REQUIRE(late.error().detail.find("is the clock right?") != std::string::npos);
  require_refused(scene.responder.sign(*checked), ErrorCode::challenge_expired);
  REQUIRE(scene.keys.signed_texts.empty());
}

TEST_CASE("a challenge further ahead of this clock than the server would take is refused with a word on the clock") {
  Scene scene;
  const Bytes http = scene.server.message(scene.statement);
  scene.clock.now_ = scene.statement.issued_at - Seconds(300);
  REQUIRE(scene.open(http).has_value());
  scene.clock.now_ -= Seconds(1);
  require_refused(scene.open(http), ErrorCode::challenge_not_yet_valid);
  scene.statement.transport = records::Transport::courier;
  scene.statement.expires_at = scene.statement.issued_at + Seconds(7 * 86400);
  const Bytes courier = scene.server.message(scene.statement);
  scene.clock.now_ = scene.statement.issued_at - Seconds(48 * 3600);
  REQUIRE(scene.open(courier).has_value());
  scene.clock.now_ -= Seconds(1);
  require_refused(scene.open(courier), ErrorCode::challenge_not_yet_valid);
}

TEST_CASE("a server's signature dated away from the statement's own time is refused") {
  Scene scene;
  const std::string text = write_statement(scene.statement);
  const auto signed_at = [&](const char* time) {
    return scene.open(scene.server.message(text, scene.server.server(), scene.server.server(), time));
  };
  REQUIRE(signed_at("20261121T171500!").has_value());
  require_refused(signed_at("20261121T171459!"), ErrorCode::signature_time);
  require_refused(signed_at("20261121T172501!"), ErrorCode::signature_time);
}

TEST_CASE("what the user's keys fail with is passed on") {
  Scene scene;
  scene.keys.open_error = Error{ErrorCode::not_found, "for somebody else"};
  require_refused(scene.open(Bytes{}), ErrorCode::not_found);
}

TEST_CASE("S01 a signing program that signs something else is caught") {
  Scene scene;
  const auto checked = scene.open_statement();
  REQUIRE(checked.has_value());
  scene.keys.instead = "something else\n";
  require_refused(scene.responder.sign(*checked), ErrorCode::gnupg_failed);
}

TEST_CASE("a session grant by a known server is opened and its token returned") {
  Scene scene;
  const std::string text = grant_text(scene.server, kServerName, scene.server.server());
  const Bytes message = scene.server.message(text, scene.server.server(), scene.server.server());
  const auto grant = scene.responder.open_grant(as_text(message), scene.expected);
  REQUIRE(grant.has_value());
  REQUIRE(grant->token.reveal_text() == kToken);
  scene.clock.now_ = grant->use_before;
  require_refused(scene.responder.open_grant(as_text(message), scene.expected), ErrorCode::session_grant_expired);
}

TEST_CASE("S02 a session grant by another or of another server is refused") {
  Scene scene;
  const auto open = [&](const std::string& text, const Fingerprint& signer, const Fingerprint& block) {
    return scene.responder.open_grant(as_text(scene.server.message(text, signer, block)), scene.expected);
  };
  const Fingerprint& server = scene.server.server();
  const Fingerprint& other = scene.server.other();
  require_refused(open(grant_text(scene.server, kServerName, server), other, other), ErrorCode::server_mismatch);
  require_refused(open(grant_text(scene.server, kServerName, other), other, other), ErrorCode::server_mismatch);
  require_refused(open(grant_text(scene.server, kServerName, server), other, server),
                  ErrorCode::signature_by_another_key);
  require_refused(open(grant_text(scene.server, "https://b", other), other, other), ErrorCode::server_unknown);
  require_refused(open(write_statement(scene.statement), server, server), ErrorCode::malformed_message);
  scene.expected.name = "https://b";
  require_refused(open(grant_text(scene.server, kServerName, server), server, server), ErrorCode::server_mismatch);
}

TEST_CASE("a rotation is signed by the next key and by the current one if it names the next key that was meant") {
  Scene scene;
  scene.statement.purpose = records::Purpose::rotate;
  scene.statement.extra = std::string(40, 'C');
  const auto checked = scene.open(scene.server.message(scene.statement), records::Purpose::rotate);
  REQUIRE(checked.has_value());
  const Fingerprint next = *Fingerprint::parse(std::string(40, 'C'));
  require_refused(scene.responder.sign_rotation(*checked, *Fingerprint::parse(std::string(40, 'D'))),
                  ErrorCode::challenge_of_another_purpose);
  REQUIRE(scene.keys.signed_texts.empty());
  const auto response = scene.responder.sign_rotation(*checked, next);
  REQUIRE(response.has_value());
  REQUIRE(scene.keys.signed_texts == std::vector<std::string>{checked->text(), checked->text()});
  REQUIRE(scene.keys.signed_with == scene.statement.key);
  REQUIRE(response->ends_with("certificate of " + next.upper() + "\n"));
  // Nothing else is ever signed by two keys.
  const auto login = Scene().open_statement();
  REQUIRE(login.has_value());
  require_refused(scene.responder.sign_rotation(*login, next), ErrorCode::challenge_of_another_purpose);
}
