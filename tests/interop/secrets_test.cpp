// The secrets change beside a running server: the real program, a bare socket in the place of curl, stock gpg.
#include <catch2/catch.hpp>
#include <chrono>
#include <regex>

#include "storage/base/bytes.hpp"
#include "tests/support/program.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

struct World {
  explicit World(const std::string& storage = "sqlite") : installation(storage) {
    installation.add_account("alice", alice.certificate());
  }
  Installation installation;
  GnupgUser alice{"Alice"};
};

std::string challenge_of(const RunningServer& server) {
  const WireReply challenge = server.post_form("/v1/challenge", "username=alice");
  REQUIRE(challenge.status == 200);
  return challenge.body;
}

// The key that it is sealed with: docs/protocol/challenge.md.
std::string sealing_key_of(World& world, const std::string& message) {
  const auto sealed = from_base64url(line_of(world.alice.open(message), "challenge"));
  REQUIRE(sealed.has_value());
  return hex(ByteView(*sealed).subspan(1, 8));
}

std::string token_of(const WireReply& reply) {
  REQUIRE(reply.status == 201);
  return field(json_of(reply.body), "token");
}

std::string rotate(const Installation& installation, const std::string& family) {
  return field(installation.json({"secret", "rotate", family, "--after", "2s"}), "id");
}

std::string key_in_state(const Installation& installation, const std::string& family, const std::string& state) {
  const Json answer = installation.json({"secret", "list"});
  for (const Json& row : *answer.find("secrets")->items()) {
    if (field(row, "family") == family && field(row, "state") == state) return field(row, "id");
  }
  return "none";
}

// As if the key had come into use so long ago.
void backdate(const std::filesystem::path& file, std::chrono::hours by) {
  const Instant then = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - by;
  const std::string text =
      std::regex_replace(read_file(file), std::regex("\nfrom: [^\n]*"), "\nfrom: " + format_time(then));
  write_file(file, text);
}

}  // namespace

TEST_CASE("a running server seals with a rotated key without a restart and loses no login") {
  World world(GENERATE("sqlite", "directory"));
  const RunningServer server(world.installation);
  const std::string old = key_in_state(world.installation, "seal", "in use");
  const std::string before = challenge_of(server);
  CHECK(sealing_key_of(world, before) == old);
  const std::string made = rotate(world.installation, "seal");
  CHECK(comes_true([&] { return sealing_key_of(world, challenge_of(server)) == made; }));
  CHECK(server.post_text("/v1/session", world.alice.answer(before)).status == 201);
  CHECK(server.post_text("/v1/session", world.alice.answer(challenge_of(server))).status == 201);
  CHECK(server.get("/readyz").status == 200);
  CHECK(comes_true([&] { return server.log().find("keys taken over") != std::string::npos; }));

  // In other hands, and so gone at once; a session is nothing of its.
  const std::string token = token_of(server.post_text("/v1/session", world.alice.answer(challenge_of(server))));
  CHECK(world.installation.run({"secret", "retire", old, "--yes"}).exit_code == 5);
  world.installation.must({"secret", "retire", old, "--leaked", "--yes"});
  CHECK(server.session_status(token) == 200);
  CHECK(server.post_text("/v1/session", world.alice.answer(challenge_of(server))).status == 201);
}

TEST_CASE("records are sealed anew and their key is retired beside a running server") {
  World world(GENERATE("sqlite", "directory"));
  const RunningServer server(world.installation);
  const std::string old = key_in_state(world.installation, "record", "in use");
  const std::string token = token_of(server.post_text("/v1/session", world.alice.answer(challenge_of(server))));
  const std::string made = rotate(world.installation, "record");
  CHECK(comes_true([&] { return key_in_state(world.installation, "record", "in use") == made; }));
  CHECK(server.session_status(token) == 200);
  CHECK(server.log().find(" alarm ") == std::string::npos);
  const std::string later = token_of(server.post_text("/v1/session", world.alice.answer(challenge_of(server))));

  // Not yet: a server might be late.
  const ProgramRun early = world.installation.run({"secret", "retire", old, "--yes"});
  CHECK(early.exit_code == 5);
  CHECK(early.error.find("safe at") != std::string::npos);
  backdate(world.installation.secrets() / ("record-" + old), std::chrono::hours(2));
  backdate(world.installation.secrets() / ("record-" + made), std::chrono::hours(1));
  // The server may hold the former key for a moment longer.
  CHECK(comes_true([&] {
    const ProgramRun needed = world.installation.run({"secret", "retire", old, "--yes"});
    CHECK(needed.exit_code == 5);
    return needed.error.find("countersign secret reseal") != std::string::npos;
  }));

  CHECK(world.installation.json({"secret", "reseal"}).find("faults")->items()->empty());
  world.installation.must({"secret", "retire", old, "--yes"});
  CHECK(key_in_state(world.installation, "audit", "kept") == old);
  CHECK(server.session_status(token) == 200);
  CHECK(server.session_status(later) == 200);
  CHECK(server.post_text("/v1/session", world.alice.answer(challenge_of(server))).status == 201);
  CHECK(server.get("/readyz").status == 200);
  world.installation.must({"audit", "verify"});
}

TEST_CASE("keys are never shown") {
  const World world;
  for (const char* family : {"seal", "record"}) rotate(world.installation, family);
  std::string keys;
  for (const auto& entry : std::filesystem::directory_iterator(world.installation.secrets())) {
    const std::string text = read_file(entry.path());
    const auto key = text.find("\nkey: ");
    if (text.starts_with("countersign-secret-v1") && key != std::string::npos) keys += text.substr(key + 6);
  }
  const std::string shown =
      world.installation.must({"secret", "list"}) + world.installation.must({"secret", "list", "--json"}) +
      world.installation.must({"audit", "list", "--json"}) + world.installation.must({"secret", "reseal"});
  std::size_t count = 0;
  for (std::size_t at = 0; at < keys.size(); at = keys.find('\n', at) + 1, ++count) {
    CHECK(shown.find(keys.substr(at, keys.find('\n', at) - at)) == std::string::npos);
  }
  CHECK(count == 5);
}
