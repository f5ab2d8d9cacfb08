// Passwords over a real socket: what waits for a hash, and what never does.
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/support/held_hasher.hpp"
#include "tests/support/http_wire.hpp"
#include "tests/support/planted_password.hpp"
#include "tests/support/waiting.hpp"
#include "transport/http/http_server.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const std::string kJson = "Content-Type: application/json\r\n";

std::string login_request(std::string_view username, std::string_view password) {
  return http_request("POST", "/v1/session", kJson,
                      write_json(Json::object().set("username", username).set("password", password)));
}

HouseSettings unlimited() {
  HouseSettings settings;
  settings.policies.rate_limit = false;
  return settings;
}

struct Served {
  explicit Served(House& house, std::size_t workers = 32) : server(house.operations(), settings(workers)) {
    must(server.start());
  }
  static transport::http::HttpServerSettings settings(std::size_t workers) {
    transport::http::HttpServerSettings out;
    out.port = 0;
    out.workers = workers;
    return out;
  }
  transport::http::HttpServer server;
};

}  // namespace

TEST_CASE(
    "S17 with the hasher saturated a key login and a session check are answered and a password is not waited for") {
  HashGate gate;
  House house(unlimited(), nullptr);
  house.add(alice(), "right");
  house.settings.hasher = gate.settings(1, 16);
  must(house.restart());
  const auto opened = house.log_in(alice());
  Served served(house);
  const std::uint16_t port = served.server.port();

  std::vector<Wire> waiting;
  for (int i = 0; i < 17; ++i) {
    waiting.emplace_back(port);
    REQUIRE(waiting.back().send(login_request("alice", "right")));
  }
  wait_until([&] {
    return house.auth().roles().hasher.counts().running == 1 && house.auth().roles().hasher.counts().waiting == 16;
  });

  const WireReply refused = ask(port, login_request("alice", "right"));
  CHECK(refused.status == 503);
  CHECK_FALSE(refused.header("retry-after").empty());
  CHECK(refused.body.find("\"unavailable\"") != std::string::npos);
  // Twice as many as there are workers: those that were refused keep none.
  for (int i = 0; i < 64; ++i) CHECK(ask(port, login_request("nobody", "wrong")).status == 503);

  const proving::Response response = house.answer(alice(), house.issue(alice()));
  const WireReply by_key = ask(port, http_request("POST", "/v1/session", kJson, write_json(fields_of(response))));
  CHECK(by_key.status == 201);
  const WireReply checked = ask(
      port,
      http_request("GET", "/v1/session", "Authorization: Bearer " + std::string(opened.token.reveal_text()) + "\r\n"));
  CHECK(checked.status == 200);
  CHECK(house.auth().roles().hasher.counts().waiting == 16);  // all of it happened before a single hash was done

  gate.open();
  for (Wire& wire : waiting) CHECK(wire.reply().status == 201);
}

TEST_CASE("S28 a wrong password and an unknown name are the same bytes") {
  House house(unlimited(), nullptr);
  house.add(alice(), "right");
  house.add(bob());
  Served served(house);
  const std::uint16_t port = served.server.port();
  const WireReply wrong = ask(port, login_request("alice", "wrong"));
  CHECK(wrong.status == 401);
  CHECK(wrong.header("www-authenticate") == "Countersign");
  for (const char* name : {"bob", "nobody", "server"}) {
    const WireReply other = ask(port, login_request(name, "wrong"));
    CAPTURE(name);
    CHECK(other.head == wrong.head);
    CHECK(other.body == wrong.body);
  }
  set_state(house, alice(), records::AccountState::revoked);
  const WireReply revoked = ask(port, login_request("alice", "right"));
  CHECK(revoked.head == wrong.head);
  CHECK(revoked.body == wrong.body);
}

TEST_CASE("S20 a password that is none is told so whoever it is for") {
  House house(unlimited(), nullptr);
  house.add(alice(), "right");
  Served served(house);
  const std::uint16_t port = served.server.port();
  for (const std::string& password : {std::string(), std::string(1025, 'x')}) {
    const WireReply known = ask(port, login_request("alice", password));
    const WireReply unknown = ask(port, login_request("nobody", password));
    CHECK(known.status == 400);
    CHECK(known.body == unknown.body);
  }
  CHECK(house.auth().roles().hasher.counts().begun == 1);  // alice's own, when she was added
  for (const char* body : {R"({"username":"alice","password":1})", R"({"username":"alice","password":"x","more":1})",
                           R"({"password":"x"})", R"({"username":"alice","account":"a","password":"x"})"}) {
    CAPTURE(body);
    CHECK(ask(port, http_request("POST", "/v1/session", kJson, body)).status == 400);
  }
}

TEST_CASE("a password is changed over HTTP by itself and by a response") {
  House house(unlimited(), nullptr);
  house.add(alice(), "one");
  Served served(house);
  const std::uint16_t port = served.server.port();
  const auto change = [&](const Json& fields) {
    return ask(port, http_request("POST", "/v1/password", kJson, write_json(fields))).status;
  };
  const Json by_password = Json::object().set("username", "alice").set("password", "one").set("new_password", "two");
  CHECK(change(by_password) == 204);
  CHECK(change(by_password) == 401);
  CHECK(change(Json::object().set("username", "alice").set("password", "two").set("new_password", "")) == 400);
  CHECK(ask(port, login_request("alice", "two")).status == 201);

  const auto answered = [&] {
    return fields_of(
        house.answer_to(alice(), house.challenge_for(alice(), records::Purpose::password, records::Transport::http)));
  };
  const auto challenge_of_now = [&](std::uint64_t epoch) {
    auto challenge = house.challenge_for(alice(), records::Purpose::password, records::Transport::http);
    challenge.epoch = epoch;
    return fields_of(house.answer_to(alice(), challenge));
  };
  CHECK(change(Json::object().set("response", answered()).set("new_password", "three")) == 401);  // of an older epoch
  CHECK(change(Json::object().set("response", challenge_of_now(1)).set("new_password", "three")) == 204);
  CHECK(ask(port, login_request("alice", "three")).status == 201);
  CHECK(change(challenge_of_now(2).set("new_password", "four")) == 204);
  CHECK(ask(port, login_request("alice", "four")).status == 201);
  CHECK(ask(port, login_request("alice", "three")).status == 401);
}
