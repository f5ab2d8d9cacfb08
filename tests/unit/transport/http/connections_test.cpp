#include "transport/http/connections.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/waiting.hpp"
#include "tests/unit/transport/http/serving.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;
using std::chrono::milliseconds;

TEST_CASE("one connection carries many requests") {
  Serving serving;
  Wire wire(serving.port());
  for (int i = 0; i < 200; ++i) {
    REQUIRE(wire.send(i % 3 == 0 ? kLogin : kShow));
    REQUIRE(wire.reply().status == (i % 3 == 0 ? 201 : 200));
  }
  CHECK(serving.operations.seen().size() == 200);
}

TEST_CASE("requests sent ahead are answered in their order") {
  Serving serving;
  serving.operations.answer = [](const Message& message) -> Result<Json> {
    return Json::object().set("number", message.fields.find("n") == nullptr ? Json(-1) : *message.fields.find("n"));
  };
  std::string all;
  for (int i = 0; i < 100; ++i) all += http_request("POST", "/v1/session", kJson, "{\"n\":" + std::to_string(i) + "}");
  Wire wire(serving.port());
  REQUIRE(wire.send(all));
  for (int i = 0; i < 100; ++i) REQUIRE(wire.reply().body == "{\"number\":" + std::to_string(i) + "}");
}

TEST_CASE("requests that take long and wait are answered in the order they came") {
  HttpServerSettings settings = Serving::small();
  settings.workers = 2;  // one of them for what takes long
  Serving serving(std::move(settings));
  Gate gate;
  serving.operations.answer = [&](const Message& message) -> Result<Json> {
    if (message.operation == "session.open") gate.pass();
    return Json::object();
  };
  const auto login = [](int n) {
    return http_request("POST", "/v1/session", kJson, "{\"n\":" + std::to_string(n) + "}");
  };
  std::vector<Wire> wires;
  for (int i = 0; i < 6; ++i) {
    wires.emplace_back(serving.port());
    REQUIRE(wires.back().send(login(i)));
    if (i == 0) gate.until_waiting(1);
    std::this_thread::sleep_for(milliseconds(20));
    CHECK(ask(serving.port(), kShow).status == 200);  // by the other worker
  }
  CHECK(gate.waiting() == 1);
  gate.open();
  for (Wire& wire : wires) CHECK(wire.reply().status == 201);
  std::vector<std::int64_t> order;
  for (const Message& message : serving.operations.seen()) {
    if (message.operation == "session.open") order.push_back(*message.fields.find("n")->integer());
  }
  CHECK(order == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a place for what takes long is given back however soon the next request comes") {
  HttpServerSettings settings = Serving::small();
  settings.workers = 4;  // three of them for what takes long
  Serving serving(std::move(settings));
  constexpr int kRequests = 10;
  std::atomic<int> begun{0};
  std::atomic<int> sent{0};
  Gate gate;
  serving.operations.answer = [&](const Message&) -> Result<Json> {
    // The next one is there before this one is answered.
    const int number = ++begun;
    if (number > kRequests) gate.pass();
    wait_until([&] { return number >= kRequests || sent.load() > number; });
    return Json::object();
  };
  Wire wire(serving.port());
  for (int i = 1; i <= kRequests; ++i) {
    REQUIRE(wire.send(kLogin));
    ++sent;
    if (i > 1) REQUIRE(wire.reply().status == 201);
    wait_until([&] { return begun.load() == i; });
  }
  REQUIRE(wire.reply().status == 201);
  std::vector<Wire> wires;
  for (int i = 0; i < 3; ++i) REQUIRE(wires.emplace_back(serving.port()).send(kLogin));
  gate.until_waiting(3);
  gate.open();
  for (Wire& one : wires) CHECK(one.reply().status == 201);
}

TEST_CASE("who sends ahead does not keep others from the one worker") {
  HttpServerSettings settings = Serving::small();
  settings.workers = 1;
  Serving serving(std::move(settings));
  Gate gate;
  std::atomic<int> answered{0};
  std::atomic<bool> other_answered{false};
  serving.operations.answer = [&](const Message& message) -> Result<Json> {
    if (message.operation == "health.show") {
      other_answered.store(true);
      return Json::object().set("after", answered.load());
    }
    if (answered.fetch_add(1) == 0) gate.pass();
    if (!other_answered.load()) std::this_thread::sleep_for(milliseconds(10));  // the other may come late
    return Json::object();
  };
  std::string all;
  for (int i = 0; i < 100; ++i) all += kShow;
  Wire ahead(serving.port());
  REQUIRE(ahead.send(all));
  gate.until_waiting(1);
  Wire other(serving.port());
  REQUIRE(other.send(http_request("GET", "/healthz")));
  gate.open();
  const auto seen = parse_json(other.reply().body);
  REQUIRE(seen.has_value());
  CHECK(*seen->find("after")->integer() < 100);
  for (int i = 0; i < 100; ++i) REQUIRE(ahead.reply().status == 200);
}

TEST_CASE("while every worker is kept waiting no request that is there is given up") {
  HttpServerSettings settings = Serving::small();
  settings.workers = 1;
  settings.head_deadline = settings.idle_deadline = milliseconds(500);
  Serving serving(std::move(settings));
  Gate gate;
  serving.operations.answer = [&](const Message&) -> Result<Json> {
    gate.pass();
    return Json::object();
  };
  Wire first(serving.port());
  first.send(kShow);
  gate.until_waiting(1);
  Wire second(serving.port());
  second.send(kShow);
  std::this_thread::sleep_for(milliseconds(1200));
  gate.open();
  CHECK(first.reply().status == 200);
  CHECK(second.reply().status == 200);
}

TEST_CASE("a request that comes byte by byte is a request") {
  Serving serving;
  Wire wire(serving.port());
  for (const char byte : kLogin) REQUIRE(wire.send({&byte, 1}));
  CHECK(wire.reply().status == 201);
}

TEST_CASE("a sender that closes its side still gets its answer") {
  Serving serving;
  Wire wire(serving.port());
  wire.send(kLogin);
  wire.shutdown_write();
  CHECK(wire.reply().status == 201);
  CHECK(wire.closed());
}

TEST_CASE("a connection ends when it is asked to") {
  Serving serving;
  Wire wire(serving.port());
  wire.send(http_request("GET", "/v1/server", "Connection: close\r\n"));
  const WireReply reply = wire.reply();
  CHECK(reply.header("connection") == "close");
  CHECK(wire.closed());
  Wire old(serving.port());
  old.send("GET /v1/server HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(old.reply().header("connection") == "keep-alive");
  old.send("GET /v1/server HTTP/1.0\r\n\r\n");
  CHECK(old.reply().header("connection") == "close");
  CHECK(old.closed());
}

TEST_CASE("a sender that waits for leave is given it") {
  Serving serving;
  const std::string all = http_request("POST", "/v1/session", kJson + "Expect: 100-continue\r\n", "{}");
  Wire waiting(serving.port());
  waiting.send(all.substr(0, all.size() - 2));
  CHECK(waiting.reply().status == 100);
  waiting.send("{}");
  CHECK(waiting.reply().status == 201);
}

TEST_CASE("an answer that does not fit the socket is finished when there is room") {
  Serving serving;
  const std::string large(4u << 20, 'x');
  serving.operations.answer = [&](const Message&) -> Result<Json> { return Json::object().set("large", large); };
  Wire wire(serving.port());
  wire.send(kShow + kShow);
  std::this_thread::sleep_for(milliseconds(50));
  for (int i = 0; i < 2; ++i) {
    const WireReply reply = wire.reply();
    CHECK(reply.status == 200);
    CHECK(reply.body.size() == large.size() + 12);
  }
}

TEST_CASE("S66 what is told of refusals is ours and the addresses are numbers") {
  HttpServerSettings settings = Serving::small();
  settings.trusted_proxies = {"127.0.0.1"};
  Serving serving(std::move(settings));
  const std::string forged = "\x1b[2K\xe2\x80\xae 2026-11-21 admin logged in";
  const std::string hops = "X-Forwarded-For: 203.0.113.9\xe2\x80\xae, 10.0.0.1 admin\r\n";
  CHECK(ask(serving.port(), "GET /" + forged + " HTTP/1.1\r\nHost: a\r\n\r\n").status == 400);
  CHECK(ask(serving.port(), forged + "\r\n\r\n").status == 400);
  CHECK(ask(serving.port(), http_request("GET", "/v1/server", "X: " + forged + "\r\n")).status == 400);
  CHECK(ask(serving.port(), http_request("GET", "/admin-logged-in", hops)).status == 404);
  CHECK(ask(serving.port(), http_request("POST", "/v1/session", hops + "Content-Type: admin\r\n", "x")).status == 415);
  CHECK(ask(serving.port(), http_request("GET", "/v1/server", hops)).status == 200);
  CHECK(serving.operations.seen().back().source == "127.0.0.1");
  CHECK(serving.refusals.all() == std::multiset<std::string>{"127.0.0.1 version", "127.0.0.1 method",
                                                             "127.0.0.1 control character", "127.0.0.1 no such call",
                                                             "127.0.0.1 body"});
}
