#include "transport/http/connections.hpp"

#include <sys/resource.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/fake_operations.hpp"
#include "tests/support/http_wire.hpp"
#include "transport/http/http_server.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;
using std::chrono::milliseconds;

namespace {

const std::string kJson = "Content-Type: application/json\r\n";
const std::string kShow = http_request("GET", "/v1/server");
const std::string kLogin = http_request("POST", "/v1/session", kJson, "{}");

// Holds operations until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void until_waiting(int count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ >= count; }));
  }
  int waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

class Refusals {
 public:
  void add(std::string_view source, std::string_view reason) {
    const std::lock_guard lock(mutex_);
    seen_.insert(std::string(source) + " " + std::string(reason));
  }
  std::multiset<std::string> all() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  bool has(const std::string& refusal) {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (seen_.count(refusal) != 0) return true;
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::multiset<std::string> seen_;
};

struct Serving {
  explicit Serving(HttpServerSettings settings = small()) : server(operations, noting(std::move(settings))) {
    REQUIRE(server.start().has_value());
  }
  static HttpServerSettings small() {
    HttpServerSettings settings;
    settings.port = 0;
    settings.workers = 4;
    return settings;
  }
  HttpServerSettings noting(HttpServerSettings settings) {
    settings.on_refusal = [this](std::string_view source, std::string_view reason) { refusals.add(source, reason); };
    return settings;
  }
  std::uint16_t port() const { return server.port(); }

  Refusals refusals;
  FakeOperations operations;
  HttpServer server;
};

}  // namespace

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
  CHECK(fourth.reply().status == 503);
  CHECK(serving.refusals.has("127.0.0.5 too many connections"));
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

TEST_CASE("when all connections are taken the longest idle one makes room") {
  HttpServerSettings settings = Serving::small();
  settings.connections_max = 3;
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
