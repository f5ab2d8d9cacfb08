#include "transport/http/connections.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

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
