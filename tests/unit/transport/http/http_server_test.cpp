#include "transport/http/http_server.hpp"

#include <catch2/catch.hpp>

#include <chrono>

#include "tests/unit/transport/http/serving.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;
using std::chrono::milliseconds;

TEST_CASE("stopping answers what was begun and takes nothing new") {
  Serving serving;
  Gate gate;
  serving.operations.answer = [&](const Message& message) -> Result<Json> {
    if (message.operation == "session.open") gate.pass();
    return Json::object();
  };
  Wire idle(serving.port());
  idle.send(kShow);
  REQUIRE(idle.reply().status == 200);
  Wire begun(serving.port());
  begun.send(kLogin);
  gate.until_waiting(1);
  const std::uint16_t port = serving.port();
  serving.server.request_stop();
  CHECK(idle.closed());
  CHECK_FALSE(Wire(port).connected());
  gate.open();
  CHECK(begun.reply().status == 201);
  CHECK(begun.closed());
  serving.server.wait();
}

TEST_CASE("stopping does not wait for who never finishes") {
  HttpServerSettings settings = Serving::small();
  settings.stop_deadline = milliseconds(100);
  Serving serving(std::move(settings));
  Wire wire(serving.port());
  wire.send("GET /v1/ser");
  ask(serving.port(), kShow);
  serving.server.stop();
  CHECK(wire.closed());
}

TEST_CASE("an address that is taken and settings that are none are said at the start") {
  Serving serving;
  HttpServerSettings settings = Serving::small();
  settings.port = serving.port();
  HttpServer second(serving.operations, settings);
  const Status taken = second.start();
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().code == ErrorCode::network_failed);
  CHECK(taken.error().detail.find("in use") != std::string::npos);
  settings = Serving::small();
  settings.trusted_proxies = {"10.1.2.3/8"};
  HttpServer third(serving.operations, settings);
  CHECK(third.start().error().code == ErrorCode::invalid_settings);
  settings = Serving::small();
  settings.workers = 0;
  HttpServer fourth(serving.operations, settings);
  CHECK(fourth.start().error().code == ErrorCode::invalid_settings);
}

TEST_CASE("listen addresses are HOST:PORT") {
  const auto address = parse_listen_address("[::1]:8420");
  REQUIRE(address.has_value());
  CHECK(address->host == "::1");
  CHECK(address->port == 8420);
  CHECK(address->loopback);
  CHECK(parse_listen_address("localhost:0")->loopback);
  CHECK_FALSE(parse_listen_address("0.0.0.0:80")->loopback);
  for (const char* text :
       {"", "8420", ":8420", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "[a]:1", "a:1x"}) {
    INFO(text);
    CHECK_FALSE(parse_listen_address(text).has_value());
  }
}
