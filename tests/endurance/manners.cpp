#include "tests/endurance/manners.hpp"

#include <limits>

namespace countersign::test {
namespace {

constexpr const char* kForm = "Content-Type: application/x-www-form-urlencoded\r\n";
constexpr const char* kText = "Content-Type: text/plain\r\n";
constexpr const char* kJson = "Content-Type: application/json\r\n";
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
// What docs/protocol/http.md lets a body have where a certificate may come, and elsewhere.
constexpr std::size_t kLargestBody = 128u << 10;
constexpr std::size_t kLargeBody = 64u << 10;
// As many as one address may have, and a few more.
constexpr std::size_t kCrowd = 260;

// As one who has an account has it.
struct Weapons {
  std::string token;
  std::string spent_response;
};

Weapons arm(const Installation& installation, const RunningServer& server) {
  GnupgUser mallory("Mallory");
  installation.add_account("mallory", mallory.certificate());
  installation.must({"password", "set", "mallory", "--password-file", "-"}, "an honest password\n");
  Weapons weapons;
  weapons.spent_response = mallory.answer(server.post_form("/v1/challenge", "username=mallory").body);
  weapons.token = field(json_of(server.post_text("/v1/session", weapons.spent_response).body), "token");
  return weapons;
}

// One text for each name, so that no limit for one account stands in the way.
template <class Make>
std::vector<std::string> for_names(const Make& make) {
  std::vector<std::string> made = {make("mallory")};
  for (int i = 0; i < 100; ++i) made.push_back(make("nobody-" + std::to_string(i)));
  return made;
}

std::string password_login(const std::string& name) {
  return http_request("POST", "/v1/session", kJson,
                      R"({"username": ")" + name + R"(", "password": "a guess of many"})");
}

std::string challenge_for(const std::string& name) {
  return http_request("POST", "/v1/challenge", kForm, "username=" + name);
}

// A response whose challenge is real and whose signature is not.
std::string with_other_signature(std::string response) {
  const auto signature = response.find("-----BEGIN PGP SIGNATURE-----");
  const auto at = response.find("\n\n", signature) + 12;
  response[at] = response[at] == 'A' ? 'B' : 'A';
  return response;
}

}  // namespace

std::vector<Manner> every_manner(const Installation& installation, const RunningServer& server) {
  const Weapons weapons = arm(installation, server);
  const std::string check = http_request("GET", "/v1/session", "Authorization: Bearer " + weapons.token + "\r\n");
  const std::string show = http_request("GET", "/v1/server");
  const std::string long_head = http_request("GET", "/v1/server", "X-Filling: " + std::string(15'000, 'x') + "\r\n");
  const std::string largest = http_request("POST", "/v1/accounts", kJson, std::string(kLargestBody, ' '));
  const std::string large = http_request("POST", "/v1/session", kText, std::string(kLargeBody, 'x'));
  const std::string garbage = http_request("POST", "/v1/session", kText, with_other_signature(weapons.spent_response));
  const std::string replayed = http_request("POST", "/v1/session", kText, weapons.spent_response);
  const std::string no_token =
      http_request("GET", "/v1/session", "Authorization: Bearer " + std::string(43, 'A') + "\r\n");

  std::vector<Manner> manners;
  const auto add = [&](std::string name, std::size_t connections, std::vector<std::string> requests) -> Manner& {
    Manner& manner = manners.emplace_back();
    manner.name = std::move(name);
    manner.connections = connections;
    manner.requests = std::move(requests);
    return manner;
  };
  add("1000 that ask", 1000, {check, show, no_token});
  add("say nothing", kCrowd, {});
  Manner& slow_heads = add("slow heads", kCrowd, {check});
  slow_heads.one_by_one = true;
  slow_heads.bytes_one_by_one = kAll;
  Manner& slow_bodies = add("slow bodies", kCrowd, {largest, large});
  slow_bodies.one_by_one = true;
  slow_bodies.bytes_one_by_one = 1000;
  add("large", 64, {largest, large, long_head});
  Manner& unread = add("answers unread", kCrowd, {show});
  unread.waits = unread.reads = false;
  add("challenges", 64, for_names(challenge_for));
  add("passwords", 64, for_names(password_login));
  add("garbage responses", 64, {garbage});
  add("spent responses", 64, {replayed});
  Manner& pipelined = add("pipelined", 64, {check, show});
  pipelined.waits = false;
  add("resets", 64, {}).resets = true;
  add("asks and resets", 64, {check, show, challenge_for("mallory")}).resets = true;
  return manners;
}

}  // namespace countersign::test
