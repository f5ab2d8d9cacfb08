#include "transport/http/connections.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/transport/http/serving.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;
using std::chrono::milliseconds;

TEST_CASE("S61 a refusal is read though its body was still being sent") {
  Serving serving;
  Wire wire(serving.port());
  wire.send("POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
  wire.send(std::string(200000, 'x'));
  const WireReply reply = wire.reply();
  CHECK(reply.status == 413);
  CHECK(reply.header("connection") == "close");
  CHECK(wire.closed());
  CHECK(serving.refusals.has("127.0.0.1 body too large"));
  CHECK(serving.operations.seen().empty());
}

TEST_CASE("S61 a body that never ends is not read on and on") {
  Serving serving;
  Wire wire(serving.port());
  wire.send("POST /v1/session HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  int sent = 0;
  while (sent < 2000 && wire.send(chunk)) ++sent;
  CHECK(sent < 2000);  // 125 MiB
}

TEST_CASE("S61 slow senders hold sockets and never the service") {
  HttpServerSettings settings = Serving::small();
  settings.head_deadline = milliseconds(1500);
  settings.whole_deadline = milliseconds(2000);
  Serving serving(std::move(settings));
  std::vector<Wire> slow;
  for (int i = 0; i < 100; ++i) {
    slow.emplace_back(serving.port());
    slow.back().send(i % 2 == 0 ? "GET /v1/ser" : kLogin.substr(0, kLogin.size() - 1));
  }
  slow.emplace_back(serving.port());  // one that never says anything
  CHECK(ask(serving.port(), kShow).status == 200);
  CHECK(ask(serving.port(), kLogin).status == 201);
  for (Wire& wire : slow) CHECK(wire.closed());
  CHECK(serving.refusals.has("127.0.0.1 request not whole in time"));
}

TEST_CASE("S61 a byte now and then does not move a deadline") {
  HttpServerSettings settings = Serving::small();
  settings.head_deadline = milliseconds(300);
  Serving serving(std::move(settings));
  Wire wire(serving.port());
  int sent = 0;
  wire.send("GET /v1/server HTTP/1.1\r\nX: ");
  while (sent < 1000 && wire.send("x")) {
    ++sent;
    std::this_thread::sleep_for(milliseconds(20));
  }
  CHECK(sent < 1000);
}

TEST_CASE("an idle connection has a deadline of its own and longer than a request's") {
  HttpServerSettings settings = Serving::small();
  settings.head_deadline = milliseconds(1000);
  settings.whole_deadline = milliseconds(1200);
  settings.idle_deadline = milliseconds(2000);
  Serving serving(std::move(settings));
  const auto before = std::chrono::steady_clock::now();
  Wire wire(serving.port());
  wire.send(kShow);
  REQUIRE(wire.reply().status == 200);
  CHECK(wire.closed());
  CHECK(std::chrono::steady_clock::now() - before >= milliseconds(2000));
}

TEST_CASE("S61 whoever finds the queue full is told to come back") {
  HttpServerSettings settings = Serving::small();
  settings.queue_max = 2;
  Serving serving(std::move(settings));
  Gate gate;
  serving.operations.answer = [&](const Message& message) -> Result<Json> {
    if (message.operation == "session.open") gate.pass();
    return Json::object();
  };
  // Four workers, three of them for what takes long: three at work, two waiting, the sixth turned away.
  std::vector<Wire> wires;
  for (int i = 0; i < 3; ++i) {
    wires.emplace_back(serving.port());
    wires.back().send(kLogin);
    gate.until_waiting(i + 1);
  }
  for (int i = 0; i < 2; ++i) {
    wires.emplace_back(serving.port());
    wires.back().send(kLogin);
  }
  WireReply turned_away;
  std::vector<Wire> more;
  while (turned_away.status == 0) {  // the two may not have been read yet
    more.emplace_back(serving.port());
    more.back().send(kLogin);
    if (!more.back().silent_for(milliseconds(200))) turned_away = more.back().reply();
    REQUIRE(more.size() < 10);
  }
  CHECK(turned_away.status == 503);
  CHECK_FALSE(turned_away.header("retry-after").empty());
  CHECK(gate.waiting() == 3);
  CHECK(ask(serving.port(), kShow).status == 200);  // the fourth worker is free for what is quick
  gate.open();
  for (Wire& wire : wires) CHECK(wire.reply().status == 201);
}

TEST_CASE("one address cannot take every connection but a trusted proxy may") {
  HttpServerSettings settings = Serving::small();
  settings.connections_per_address_max = 3;
  settings.trusted_proxies = {"127.0.0.9"};
  Serving serving(std::move(settings));
  std::vector<Wire> wires;
  for (int i = 0; i < 3; ++i) {
    wires.emplace_back(serving.port(), "127.0.0.5");
    wires.back().send(kShow);
    REQUIRE(wires.back().reply().status == 200);
  }
  Wire fourth(serving.port(), "127.0.0.5");
  CHECK(fourth.reply().status == 0);
  CHECK(serving.refusals.has("127.0.0.5 too many connections of one address"));
  Wire other(serving.port(), "127.0.0.6");
  other.send(kShow);
  CHECK(other.reply().status == 200);
  std::vector<Wire> proxied;
  for (int i = 0; i < 8; ++i) {
    proxied.emplace_back(serving.port(), "127.0.0.9");
    proxied.back().send(kShow);
    REQUIRE(proxied.back().reply().status == 200);
  }
  wires.pop_back();
  WireReply again;
  for (int i = 0; i < 100 && again.status != 200; ++i) {  // until the server has seen the close
    Wire wire(serving.port(), "127.0.0.5");
    wire.send(kShow);
    again = wire.reply();
  }
  CHECK(again.status == 200);
}

TEST_CASE("S61 whoever opens more connections than it may keeps nobody else from being served") {
  HttpServerSettings settings = Serving::small();
  settings.connections_per_address_max = 8;
  settings.connections_max = 16;
  settings.head_deadline = std::chrono::minutes(5);
  Serving serving(std::move(settings));
  std::vector<Wire> kept;
  for (int i = 0; i < 8; ++i) {
    kept.emplace_back(serving.port(), "127.0.0.5");
    kept.back().send("GET /v1/ser");
  }
  std::atomic<bool> over{false};
  std::atomic<int> refused{0};
  std::vector<std::thread> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.emplace_back([&] {
      while (!over) {
        Wire wire(serving.port(), "127.0.0.5");
        wire.send(kShow);
        if (wire.reply().status != 200) ++refused;
      }
    });
  }
  while (refused < 100) std::this_thread::yield();
  int served = 0;
  for (int i = 0; i < 200; ++i) {
    Wire wire(serving.port(), "127.0.0.6");
    wire.send(kShow);
    if (wire.reply().status == 200) ++served;
  }
  over = true;
  for (std::thread& thread : crowd) thread.join();
  CHECK(served == 200);
  for (Wire& wire : kept) {
    wire.send("ver HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(wire.reply().status == 200);
  }
}

TEST_CASE("when all connections are taken the longest idle one makes room") {
  HttpServerSettings settings = Serving::small();
  settings.connections_max = 3;
  // One worker hands back one connection before it takes the next, so the first is idle by the time the fourth comes.
  settings.workers = 1;
  Serving serving(std::move(settings));
  std::vector<Wire> wires;
  for (int i = 0; i < 4; ++i) {
    wires.emplace_back(serving.port());
    wires.back().send(kShow);
    REQUIRE(wires.back().reply().status == 200);
  }
  CHECK(wires[0].closed());
  wires[1].send(kShow);
  CHECK(wires[1].reply().status == 200);
}

TEST_CASE("S61 a reader that takes no answer is not waited for") {
  HttpServerSettings settings = Serving::small();
  settings.write_deadline = milliseconds(200);
  Serving serving(std::move(settings));
  serving.operations.answer = [](const Message&) -> Result<Json> {
    return Json::object().set("large", std::string(16u << 20, 'x'));
  };
  Wire wire(serving.port());
  wire.send(kShow);
  CHECK(serving.refusals.has("127.0.0.1 answer not taken in time"));
}

TEST_CASE("a service without descriptors answers those it has and takes others later") {
  Serving serving;
  Wire kept(serving.port());
  kept.send(kShow);
  REQUIRE(kept.reply().status == 200);
  std::vector<Wire> later(8);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};  // what is open stays open, and nothing can be added
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  for (Wire& wire : later) {
    wire.connect(serving.port());
    wire.send(kShow);
  }
  const bool silent = later.front().silent_for(milliseconds(150));
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(silent);
  for (Wire& wire : later) CHECK(wire.reply().status == 200);
}

TEST_CASE("whoever comes when there are no descriptors is answered at once") {
  Serving serving;
  Gate gate;
  serving.operations.answer = [&](const Message&) -> Result<Json> {
    gate.pass();
    return Json::object();
  };
  Wire kept(serving.port());
  kept.send(kLogin);
  gate.until_waiting(1);  // so it does not make room
  std::vector<Wire> later(8);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = dup(0);
  REQUIRE(next >= 0);
  REQUIRE(close(next) == 0);
  const rlimit full{static_cast<rlim_t>(next), before.rlim_max};  // every number below it is taken
  REQUIRE(setrlimit(RLIMIT_NOFILE, &full) == 0);
  std::vector<int> answers;
  for (Wire& wire : later) {
    wire.connect(serving.port());
    answers.push_back(wire.reply().status);
  }
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(answers == std::vector<int>(8, 503));
  CHECK(serving.refusals.has("127.0.0.1 no descriptors"));
  gate.open();
  CHECK(kept.reply().status == 201);
  CHECK(ask(serving.port(), kShow).status == 200);
}

TEST_CASE("S61 answers under load from many connections are nobody else's") {
  Serving serving;
  serving.operations.answer = [](const Message& message) -> Result<Json> {
    return Json::object().set("token", std::string(message.token.reveal_text()));
  };
  std::vector<std::thread> clients;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      Wire wire(serving.port());
      for (int j = 0; j < 100; ++j) {
        const std::string token = "t" + std::to_string(i) + "-" + std::to_string(j);
        wire.send(http_request("GET", "/v1/session", "Authorization: Bearer " + token + "\r\n"));
        if (wire.reply().body != "{\"token\":\"" + token + "\"}") ++wrong;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(wrong == 0);
}

TEST_CASE("limits that are taken over hold of the next connections, and those that are open stay") {
  HttpServerSettings settings = Serving::small();
  settings.connections_per_address_max = 2;
  Serving serving(settings);
  const auto open_one = [&] {
    Wire wire(serving.port());
    wire.send(kShow);
    return wire;
  };
  std::vector<Wire> open;
  const auto comes_in = [&] {
    open.push_back(open_one());
    return open.back().reply().status == 200;
  };
  REQUIRE(comes_in());
  REQUIRE(comes_in());
  CHECK_FALSE(comes_in());
  settings.connections_per_address_max = 3;
  REQUIRE(serving.server.take_over(serving.noting(settings)).has_value());
  CHECK(comes_in());
  CHECK_FALSE(comes_in());
  settings.connections_per_address_max = 1;
  REQUIRE(serving.server.take_over(serving.noting(settings)).has_value());
  open.front().send(kShow);
  CHECK(open.front().reply().status == 200);
  settings.trusted_proxies = {"127.0.0.1/32"};
  REQUIRE(serving.server.take_over(serving.noting(settings)).has_value());
  CHECK(comes_in());
  CHECK(serving.server.connection_counts().open == 4);
  settings.trusted_proxies = {"nowhere"};
  CHECK(serving.server.take_over(settings).error().code == ErrorCode::invalid_settings);
  CHECK(comes_in());
}
