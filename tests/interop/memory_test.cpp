// What a running server's memory holds of the passwords and tokens that it was sent.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "storage/base/bytes.hpp"
#include "tests/support/memory_search.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

// Stands at the beginning and at the end of the secrets of one test: the heap overwrites the first bytes of what it
// gets back. Short enough for a string that keeps it within itself.
std::string new_stem() {
  std::random_device random;
  std::string stem = "q";
  while (stem.size() < 9) stem += static_cast<char>('a' + random() % 26);
  return stem;
}

void hash_quickly(const Installation& installation) {
  const auto file = installation.data() / "countersign.toml";
  std::string settings = read_file(file);
  for (const std::string quick : {"memory_mib = 8", "passes = 1"}) {
    const auto at = settings.find("# " + quick.substr(0, quick.find(' ')));
    REQUIRE(at != std::string::npos);
    settings.replace(at, settings.find('\n', at) - at, quick);
  }
  write_file(file, settings);
}

// An answer leaves before its worker has cleared up, so it is looked for again, a few times.
void require_gone(const RunningServer& server, const std::string& text) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  WARN("skipped: a sanitizer's heap keeps what it gets back");
  return;
#endif
  std::optional<std::vector<std::string>> places;
  for (int tries = 0; tries < 5; ++tries) {
    places = places_in_memory(server.pid(), text);
    if (!places) {
      WARN("skipped: this process may not read the server's memory");
      return;
    }
    if (places->empty()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  CHECK(*places == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("the search of a process finds what it holds") {
  const std::string text = new_stem() + "-held";
  const auto places = places_in_memory(getpid(), text);
  if (!places) {
    WARN("skipped: this process may not read its memory");
    return;
  }
  CHECK_FALSE(places->empty());
}

TEST_CASE("S56 what was refused leaves no copy of its password or token in the server's memory") {
  const Installation installation;
  const RunningServer server(installation, {"--rate-limit", "off"});
  const std::string stem = new_stem();
  const std::string json = "Content-Type: application/json\r\n";
  for (const std::string& secret : {stem + "-short", stem + "-of-the-length-of-a-line-" + stem,
                                    stem + "-and-much-longer-" + std::string(900, 'y') + stem}) {
    for (int times = 0; times < 20; ++times) {
      const std::string begin = "{\"username\":\"alice\",\"password\":\"" + secret + "\"";
      CHECK(server.post("/v1/session", begin, json).status == 400);
      CHECK(server.post("/v1/session", begin.substr(0, begin.size() - 1), json).status == 400);
      CHECK(server.post("/v1/session", begin + ",\"unknown\":1}", json).status == 400);
      CHECK(server.post("/v1/session", begin + ",\"password\":\"" + secret + "\"}", json).status == 400);
      CHECK(server.post("/v1/session", "{\"" + secret + "\":1}", json).status == 400);
      CHECK(server.post_form("/v1/session", "username=alice&password=" + secret).status == 415);
      CHECK(server.post_text("/v1/session", secret).status == 415);
      CHECK(server.session_status("cs_" + secret) == 401);
    }
  }
  require_gone(server, stem);
}

TEST_CASE("S56 what was accepted leaves no copy of its password or token in the server's memory") {
  const Installation installation;
  hash_quickly(installation);
  const std::string stem = new_stem();
  const std::string password = stem + "-pw";
  installation.must({"account", "add", "mina", "--managed", "--escrow", "--password-file", "-"}, password + "\n");
  const RunningServer server(installation, {"--rate-limit", "off"});
  const auto proof = [&](const std::string& text) {
    return Json::object().set("username", "mina").set("password", text);
  };
  std::vector<std::string> tokens;
  for (int times = 0; times < 4; ++times) {
    const WireReply opened = server.post_json("/v1/session", proof(password));
    REQUIRE(opened.status == 201);
    tokens.push_back(field(json_of(opened.body), "token"));
    CHECK(server.post_json("/v1/session", proof(stem + "-of-somebody-else-" + stem)).status == 401);
    CHECK(server.session_status(tokens.back()) == 200);
  }
  CHECK(server.post_json("/v1/key", proof(password)).status == 200);
  const std::string next = stem + "-and-a-longer-one-that-follows-" + stem;
  CHECK(server.post_json("/v1/password", proof(password).set("new_password", next)).status == 204);
  require_gone(server, stem);
  for (const std::string& token : tokens) require_gone(server, token.substr(token.size() - 16));
}
