// Bad input over real HTTP: each the right face, and none changes what is stored.
#include <poll.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "auth/openpgp/gate/armor.hpp"
#include "storage/base/bytes.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

constexpr const char* kJson = "Content-Type: application/json\r\n";

struct World {
  World() { installation.add_account("alice", alice.certificate()); }

  std::string challenge() const {
    const WireReply reply = server.post_form("/v1/challenge", "username=alice");
    REQUIRE(reply.status == 200);
    return reply.body;
  }

  Installation installation;
  GnupgUser alice{"Alice"};
  RunningServer server{installation};
};

std::string whole(const WireReply& reply) {
  return reply.head + "\n" + reply.body;
}

std::string face_of_reply(const WireReply& reply) {
  return field(json_of(reply.body), "code");
}

void check_face(const WireReply& reply, int status, const std::string& face) {
  INFO(reply.head << reply.body);
  CHECK(reply.status == status);
  CHECK(face_of_reply(reply) == face);
  CHECK(reply.header("content-type") == "application/problem+json");
  CHECK(reply.header("cache-control") == "no-store");
}

std::string detached(const std::string& challenge, const std::string& signature) {
  return write_json(Json::object().set("challenge", challenge).set("signature", signature));
}

// The tags and lengths of the packets of an armored message.
std::string shape_of(const std::string& message) {
  const Bytes bytes = auth::openpgp::gate::dearmor("PGP MESSAGE", message).value();
  std::string shape;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const unsigned tag = bytes[at] & 0x40 ? bytes[at] & 0x3fu : (bytes[at] >> 2) & 0xfu;
    std::size_t length = 0;
    std::size_t head = 0;
    if ((bytes[at] & 0x40) != 0) {
      const std::size_t first = bytes.at(at + 1);
      if (first < 192) {
        head = 2;
        length = first;
      } else if (first < 224) {
        head = 3;
        length = ((first - 192) << 8) + bytes.at(at + 2) + 192;
      } else {
        head = 6;
        for (std::size_t i = 2; i < 6; ++i) length = (length << 8) | bytes.at(at + i);
      }
    } else {
      const std::size_t width = std::size_t{1} << (bytes[at] & 3);
      head = 1 + width;
      for (std::size_t i = 1; i <= width; ++i) length = (length << 8) | bytes.at(at + i);
    }
    shape += std::to_string(tag) + ":" + std::to_string(head) + "+" + std::to_string(length) + " ";
    // Of a session key also whom it is for and by which algorithm: version, key id, algorithm.
    if (tag == 1) shape += hex(ByteView(bytes).subspan(at + head, 10)) + " ";
    at += head + length;
  }
  return shape;
}

// A signature's numbers lose a byte now and then, so the shape is the one that most of some messages have.
std::string usual_shape(const RunningServer& server, const std::string& username) {
  std::map<std::string, int> shapes;
  for (int i = 0; i < 9; ++i) {
    const WireReply reply = server.post_form("/v1/challenge", "username=" + username);
    REQUIRE(reply.status == 200);
    ++shapes[shape_of(reply.body)];
  }
  return std::max_element(shapes.begin(), shapes.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

TEST_CASE("whatever fails to prove itself gets the same bytes and changes nothing") {
  World world;
  const RunningServer& server = world.server;
  GnupgUser mallory("Mallory");
  world.installation.add_account("mallory", mallory.certificate());
  const Installation elsewhere("sqlite", kServerName);
  elsewhere.add_account("alice", world.alice.certificate());
  const RunningServer other(elsewhere);

  const std::string challenge = world.challenge();
  const std::string statement = world.alice.open(challenge);
  const std::string sealed = line_of(statement, "challenge");
  const std::string signature = world.alice.home.detach_sign(world.alice.key, statement);
  const std::string used = world.alice.answer(world.challenge());
  REQUIRE(server.post_text("/v1/session", used).status == 201);
  const std::string before = world.installation.dump();

  std::string changed_statement = statement;
  changed_statement.replace(changed_statement.find("purpose: login"), 14, "purpose: enrol");
  std::string other_time = statement;
  other_time.replace(other_time.find("\nexpires: 2"), 11, "\nexpires: 3");
  world.alice.home.set_time("20200101T000000");
  const std::string stub = "-----BEGIN PGP SIGNATURE-----\n\n";
  const std::string foreign =
      world.alice.home.detach_sign(world.alice.key + "!", statement, {"--ignore-time-conflict"});
  world.alice.home.set_time("");

  const std::map<std::string, std::string> bodies = {
      {"by another's key", detached(sealed, mallory.home.detach_sign(mallory.key, statement))},
      {"clear-signed by another's key", mallory.home.clearsign(mallory.key, statement)},
      {"another purpose was signed",
       detached(sealed, world.alice.home.detach_sign(world.alice.key, changed_statement))},
      {"another time was signed", world.alice.home.clearsign(world.alice.key, other_time)},
      {"the nonce alone was signed",
       detached(sealed, world.alice.home.detach_sign(world.alice.key, line_of(statement, "nonce")))},
      {"signed six years ago", detached(sealed, foreign)},
      {"of another store with the same name",
       world.alice.answer(other.post_form("/v1/challenge", "username=alice").body)},
      {"used already", used},
      {"no challenge at all", detached("AAAA", signature)},
      {"an empty challenge", detached("", signature)},
      {"padding behind the challenge", detached(sealed + "=", signature)},
      {"a blank behind the challenge", detached(sealed + " ", signature)},
      {"two signatures", detached(sealed, signature + signature)},
      {"no signature in the armor", detached(sealed, stub + "-----END PGP SIGNATURE-----\n")},
      {"an inline-signed message as a signature",
       detached(sealed, world.alice.home.must({"--armor", "--local-user", world.alice.key, "--sign"}, statement))},
      {"a courier's challenge cut to http", [&] {
         std::string text =
             world.alice.answer(server.post_form("/v1/challenge", "username=alice&transport=courier").body);
         text.replace(text.find("transport: courier"), 18, "transport: http");
         return text.replace(text.find("challenge: "), 12, "challenge: B");
       }()}};

  std::string denied;
  for (const auto& [what, body] : bodies) {
    INFO(what);
    const WireReply reply = server.post("/v1/session", body, body.starts_with('{') ? kJson : "");
    check_face(reply, 401, "denied");
    CHECK(reply.header("www-authenticate") == "Countersign");
    if (denied.empty()) denied = whole(reply);
    CHECK(whole(reply) == denied);
  }
  CHECK(world.installation.dump() == before);
  // And none of it has spent the challenge.
  CHECK(server.post("/v1/session", detached(sealed, signature), kJson).status == 201);
}

TEST_CASE("a sealed challenge with any byte changed or cut off is denied") {
  World world;
  const std::string statement = world.alice.open(world.challenge());
  const std::string sealed = line_of(statement, "challenge");
  const std::string signature = world.alice.home.detach_sign(world.alice.key, statement);
  const Bytes bytes = from_base64url(sealed).value();
  REQUIRE(bytes.size() > 150);
  const std::string before = world.installation.dump();
  std::string denied;
  const auto try_one = [&](const std::string& text) {
    Wire wire(world.server.port());
    wire.send(http_request("POST", "/v1/session", kJson, detached(text, signature)));
    const WireReply reply = wire.reply();
    if (denied.empty()) denied = whole(reply);
    return reply.status == 401 && whole(reply) == denied;
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    INFO("byte " << i);
    Bytes changed = bytes;
    changed[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    CHECK(try_one(base64url(changed)));
    if (i % 10 == 0) CHECK(try_one(base64url(ByteView(bytes).first(i))));
  }
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(try_one(base64url(longer)));
  CHECK(world.installation.dump() == before);
  CHECK(world.server.post("/v1/session", detached(sealed, signature), kJson).status == 201);
}

TEST_CASE("a challenge that has expired is denied", "[.long]") {
  Installation installation;
  const std::filesystem::path settings = installation.data() / "countersign.toml";
  std::string text = read_file(settings);
  text.replace(text.find("# http_lifetime = \"5m\""), 22, "http_lifetime = \"10s\"");
  write_file(settings, text);
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const RunningServer server(installation);
  const std::string response = alice.answer(server.post_form("/v1/challenge", "username=alice").body);
  poll(nullptr, 0, 11000);
  check_face(server.post_text("/v1/session", response), 401, "denied");
  CHECK(installation.sessions_of("alice") == 0);
}

TEST_CASE("S72 JSON that is not exactly what was asked for is malformed") {
  World world;
  const std::string before = world.installation.dump();
  const auto check = [&](std::string_view body, int status = 400) {
    INFO(body);
    check_face(world.server.post("/v1/challenge", body, kJson), status, "malformed");
    check_face(world.server.post("/v1/session", body, kJson), status, "malformed");
    check_face(world.server.post("/v1/accounts", body, kJson), status, "malformed");
  };
  std::string deep = "1";
  for (int i = 0; i < 9; ++i) deep = "{\"a\":" + deep + "}";
  for (const std::string& body :
       std::vector<std::string>{"",
                                "{",
                                "[]",
                                "null",
                                "\"alice\"",
                                "{}x",
                                "{'username':'alice'}",
                                deep,
                                std::string(60000, '['),
                                R"({"username":"alice","username":"alice"})",
                                R"({"username":"alice","user\u006eame":"bob"})",
                                R"({"username":"alice","colour":"red"})",
                                R"({"username":1})",
                                R"({"username":["alice"]})",
                                R"({"username":null})",
                                R"({"username":"alice","purpose":true})",
                                R"({"username":"alice\u0000"})",
                                "\xef\xbb\xbf{\"username\":\"alice\"}",
                                "{\"username\":\"al\xff\xfeice\"}",
                                R"({"username":"\ud800"})",
                                R"({"challenge":"AAAA","signature":5})",
                                R"({"challenge":"AAAA"})",
                                R"({"response":{"challenge":"AAAA","signature":"x","more":1}})",
                                R"({"response":7})",
                                "{\"a\":1e5}",
                                R"({"username":"alice",})",
                                "{\"username\":\"alice\"}\n{}"}) {
    check(body);
  }
  CHECK(world.installation.dump() == before);
}

TEST_CASE("names with tricks are malformed or unknown and touch nothing") {
  World world;
  const std::string before = world.installation.dump();
  for (const std::string& name : std::vector<std::string>{"../../etc/passwd", "..", "/", "users/../alice",
                                                          "alice\\u0000", "alice.pub", "%2e%2e%2f", "con", "-rf"}) {
    const WireReply reply = world.server.post("/v1/challenge", "{\"username\":\"" + name + "\"}", kJson);
    INFO(name << reply.body);
    // A name is hashed before it is part of anything, so an odd one is only unknown.
    CHECK((reply.status == 200 || reply.status == 400));
  }
  for (const std::string& account :
       std::vector<std::string>{"", "../alice", std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'),
                                std::string(64, 'g'), std::string(58, 'a') + "/../ab", "alice"}) {
    INFO(account);
    check_face(world.server.post_json("/v1/challenge", Json::object().set("account", account)), 400, "malformed");
    if (account != "alice") CHECK(world.installation.run({"session", "list", account}).exit_code != 0);
  }
  check_face(world.server.post_json("/v1/challenge",
                                    Json::object().set("account", std::string(64, 'a')).set("username", "alice")),
             400, "malformed");
  for (const std::string& path : std::vector<std::string>{
           "/v1/../v1/server", "/v1//server", "/v1/server/", "/v1/server%00", "/V1/server", "//v1/server",
           "/v1/sessions/../session", "/v1/sessions/%2e%2e", "/../../etc/passwd", "/v1/%73erver"}) {
    INFO(path);
    check_face(world.server.get(path), 404, "malformed");
  }
  CHECK(world.installation.dump() == before);
}

TEST_CASE("S61 what is too large or has no honest length is refused before it is read") {
  World world;
  const RunningServer& server = world.server;
  const std::string before = world.installation.dump();
  const auto raw = [&](const std::string& bytes) { return ask(server.port(), bytes); };
  const std::string post = "POST /v1/session HTTP/1.1\r\nHost: x\r\n";

  check_face(server.post_text("/v1/session", std::string(70000, 'x')), 413, "malformed");
  check_face(server.post("/v1/challenge", std::string(140000, 'x'), kJson), 413, "malformed");
  check_face(raw(post + "Content-Length: 99999999999999999999\r\n\r\n"), 413, "malformed");
  check_face(raw(post + "Content-Length: -1\r\n\r\n"), 400, "malformed");
  check_face(raw(post + "Content-Length: 5x\r\n\r\nabcde"), 400, "malformed");
  check_face(raw(post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 400, "malformed");
  check_face(raw(post + "\r\n"), 411, "malformed");
  const WireReply chunked = raw(post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
  CHECK((chunked.status == 400 || chunked.status == 411 || chunked.status == 501));
  check_face(raw(post + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), 415, "malformed");
  check_face(raw("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414, "malformed");
  check_face(raw("GET /v1/server HTTP/1.1\r\nHost: x\r\nX: " + std::string(17000, 'a') + "\r\n\r\n"), 431, "malformed");
  check_face(raw("GET /v1/server HTTP/1.1\r\n\r\n"), 400, "malformed");
  check_face(raw("GET /v1/server HTTP/1.1\nHost: x\n\n"), 400, "malformed");
  check_face(server.post("/v1/session", "{}", "Content-Type: image/png\r\n"), 415, "malformed");
  check_face(server.post_text("/v1/session", "hello"), 415, "malformed");
  check_face(server.get("/nothing"), 404, "malformed");
  check_face(server.remove("/v1/challenge"), 405, "malformed");
  CHECK(server.remove("/v1/challenge").header("allow") == "POST");
  CHECK(world.installation.dump() == before);
  CHECK(server.get("/healthz").status == 200);
}

TEST_CASE("S28 an unknown account is challenged in the same shape as a known one") {
  const std::string algorithm = GENERATE("ed25519", "rsa3072");
  const Installation installation;
  GnupgUser alice("Alice", algorithm);
  const std::string account = installation.add_account("alice", alice.certificate());
  std::map<std::string, std::string> first;
  const std::vector<std::string> names = {"bob", "carol", "nobody", "xavier"};
  {
    const RunningServer server(installation);
    const std::string known = usual_shape(server, "alice");
    // Nor does a message show whose it is.
    CHECK(known.find("0000000000000000") != std::string::npos);
    for (const std::string& name : names) {
      INFO(name);
      first[name] = usual_shape(server, name);
      CHECK(first[name] == known);
      CHECK(usual_shape(server, name) == first[name]);
    }
    const WireReply one = server.post_form("/v1/challenge", "username=alice");
    const WireReply two = server.post_form("/v1/challenge", "username=bob");
    CHECK(one.head.substr(0, one.head.find("Content-Length")) == two.head.substr(0, two.head.find("Content-Length")));
    const WireReply by_id = server.post_form("/v1/challenge", "account=" + std::string(64, 'e'));
    CHECK(by_id.status == 200);
  }
  const RunningServer again(installation);
  for (const std::string& name : names) CHECK(usual_shape(again, name) == first[name]);
}

TEST_CASE("an account whose key shows its id is asked for it and no other is") {
  const Installation installation;
  GnupgUser alice("Alice");
  installation.must({"account", "add", "alice", "--public-key", "-", "--show-key-id"}, alice.certificate());
  const RunningServer server(installation);
  const std::string subkey = alice.home.fingerprints(alice.key).at(1);
  std::string key_id = subkey.substr(24);
  for (char& c : key_id) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  CHECK(usual_shape(server, "alice").find(key_id) != std::string::npos);
  CHECK(usual_shape(server, "bob").find("0000000000000000") != std::string::npos);
}

TEST_CASE("each face has its exit code") {
  World world;
  const Installation& installation = world.installation;
  const std::string answer = world.alice.answer(installation.must({"challenge", "alice"}));
  installation.must({"redeem", "-"}, answer);
  const std::string http = world.alice.answer(world.challenge());
  struct Case {
    int exit_code;
    std::vector<std::string> arguments;
    std::string input;
  };
  for (const Case& one : std::vector<Case>{
           {2, {"redeem"}, "hello"},
           {2, {"account", "add", "Alice", "--public-key", "-"}, world.alice.certificate()},
           {2, {"account", "add", "bob"}, ""},
           {2, {"no-such-command"}, ""},
           {3, {"account", "show", "nobody"}, ""},
           {3, {"challenge", "nobody"}, ""},
           {3, {"challenge", std::string(64, 'a')}, ""},
           {3, {"session", "end", "alice", std::string(32, 'a')}, ""},
           {4, {"redeem"}, http},
           {5, {"account", "add", "alice", "--public-key", "-", "--show-key-id"}, world.alice.certificate()},
           {5, {"account", "add", "bob", "--public-key", "-"}, world.alice.certificate()},
           {1, {"respond"}, installation.must({"challenge", "alice"})}}) {
    const ProgramRun done = installation.run(one.arguments, one.input, &world.alice.home);
    INFO(one.arguments[0] << " " << done.error);
    CHECK(done.exit_code == one.exit_code);
    CHECK(done.output.empty());
    CHECK(done.error.starts_with("countersign: "));
    auto with_json = one.arguments;
    with_json.emplace_back("--json");
    const ProgramRun again = installation.run(with_json, one.input, &world.alice.home);
    CHECK(again.exit_code == one.exit_code);
    if (one.arguments[0] != "no-such-command") CHECK(json_of(again.output).find("error") != nullptr);
  }
}
