#include "transport/wormhole/websocket.hpp"

#include <catch2/catch.hpp>

#include <future>

#include "tests/support/fake_rng.hpp"
#include "tests/support/gnupg_home.hpp"
#include "tests/support/http_wire.hpp"
#include "tests/support/media.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;
using namespace std::chrono_literals;

namespace {

struct Line {
  auth::SystemClock clock;
  FakeRng rng;
  Interrupt interrupt;
  WebSocketSettings settings;

  Result<std::unique_ptr<WebSocket>> open(std::uint16_t port, bool tls = false, const std::string& host = "127.0.0.1") {
    return WebSocket::open({tls, host, port}, settings, clock, rng, interrupt);
  }
  // A message, "nothing", or why it is over.
  std::string hear(WebSocket& websocket, std::chrono::milliseconds wait = 20s) {
    const auto heard = websocket.receive(clock.monotonic() + wait);
    if (!heard) return "over: " + heard.error().detail;
    return heard->value_or("nothing");
  }
};

std::string why(const Result<std::unique_ptr<WebSocket>>& opened) {
  return opened ? "open" : opened.error().detail;
}

// A certificate that signs itself, and its key.
struct Certificate {
  ScratchFolder folder;
  std::string file = folder.path() / "certificate.pem";
  std::string key = folder.path() / "key.pem";

  explicit Certificate(const std::string& names = "DNS:localhost,IP:127.0.0.1") {
    const auto run = run_program(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=test", "-addext", "subjectAltName=" + names, "-keyout", key, "-out", file},
        "");
    REQUIRE(run.exit_code == 0);
  }
};

}  // namespace

TEST_CASE("a WebSocket carries texts both ways") {
  std::string said;
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.accept_websocket(server_frame(1, "first"));  // in one piece with the answer
    said = peer.read_frame();
    peer.send(server_frame(1, "sec", false) + server_frame(9, "p") + server_frame(0, "ond"));
    said += peer.read_frame();
    peer.send(server_frame(2, "third"));
    peer.drain();
  });
  Line line;
  const auto opened = line.open(server.port());
  REQUIRE(why(opened) == "open");
  WebSocket& websocket = **opened;
  CHECK(line.hear(websocket) == "first");
  CHECK(websocket.send("hello").has_value());
  CHECK(line.hear(websocket) == "second");
  CHECK(line.hear(websocket) == "third");
  CHECK(said ==
        "1hello"
        "10p");  // the text, and a pong
  CHECK(line.hear(websocket, 1ms) == "nothing");
}

TEST_CASE("a message of the largest size comes in small pieces and slowly") {
  const std::string large(60'000, 'a');
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.accept_websocket();
    const std::string frame = server_frame(1, large);
    for (std::size_t i = 0; i < frame.size(); i += 7001) {
      peer.send(frame.substr(i, 7001));
      std::this_thread::sleep_for(2ms);
    }
    peer.drain();
  });
  Line line;
  const auto opened = line.open(server.port());
  REQUIRE(why(opened) == "open");
  CHECK(line.hear(**opened) == large);
}

TEST_CASE("a server that breaks off or breaks the rules ends the connection behind what was whole") {
  const std::vector<std::string> endings = {server_frame(8, std::string("\x03\xe8", 2)),
                                            server_frame(1, "x", true, true),
                                            server_frame(1, std::string(70'000, 'a')),
                                            server_frame(1, "cut").substr(0, 3),
                                            server_frame(1, "begun", false),
                                            ""};
  for (const std::string& ending : endings) {
    ScriptedServer server([&](ScriptedPeer& peer) { peer.accept_websocket(server_frame(1, "whole") + ending); });
    Line line;
    const auto opened = line.open(server.port());
    REQUIRE(why(opened) == "open");
    CHECK(line.hear(**opened) == "whole");
    CHECK(line.hear(**opened).starts_with("over"));
    CHECK(line.hear(**opened).starts_with("over"));
    CHECK_FALSE((*opened)->send("late").has_value());
  }
}

TEST_CASE("a server that is no mailbox is refused at its answer") {
  for (const std::string& answer :
       {std::string("HTTP/1.1 404 Not Found\r\n\r\n"), std::string("SSH-2.0-OpenSSH\r\n\r\n"), std::string(),
        "HTTP/1.1 101 x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", std::string(100'000, 'a')}) {
    ScriptedServer server([&](ScriptedPeer& peer) {
      peer.read_head();
      peer.send(answer);
    });
    Line line;
    CHECK_FALSE(line.open(server.port()).has_value());
  }
  Line line;
  const KeptPort nobody;
  CHECK(why(line.open(nobody.number())).find("refused") != std::string::npos);
}

TEST_CASE("a server that is silent is given up") {
  ScriptedServer server([](ScriptedPeer& peer) { peer.drain(); });
  Line line;
  line.settings.handshake = 50ms;
  CHECK(why(line.open(server.port())).find("too long") != std::string::npos);
  line.settings.connect = 50ms;
  CHECK(why(line.open(server.port(), true, "localhost")).find("too long") != std::string::npos);
}

TEST_CASE("a connection that falls silent is asked, and given up without an answer") {
  std::atomic<bool> answers{true};
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.accept_websocket();
    for (std::string frame = peer.read_frame(); !frame.empty(); frame = peer.read_frame()) {
      if (frame == "9" && answers.exchange(false)) peer.send(server_frame(10, "") + server_frame(1, "still here"));
    }
  });
  Line line;
  line.settings.ping_after = 20ms;
  line.settings.idle = 3000ms;
  const auto opened = line.open(server.port());
  REQUIRE(why(opened) == "open");
  CHECK(line.hear(**opened) == "still here");
  CHECK(line.hear(**opened) == "over: the mailbox is silent");
}

TEST_CASE("whoever waits is woken, and stopped for good") {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.accept_websocket();
    peer.drain();
  });
  Line line;
  const auto opened = line.open(server.port());
  REQUIRE(why(opened) == "open");
  auto heard = std::async(std::launch::async, [&] { return line.hear(**opened, 1h); });
  line.interrupt.wake();
  CHECK(heard.get() == "nothing");
  heard = std::async(std::launch::async, [&] { return line.hear(**opened, 1h); });
  line.interrupt.stop();
  CHECK(heard.get() == "nothing");
  CHECK(line.hear(**opened, 1h) == "nothing");
  CHECK(why(line.open(server.port())) == "stopped");
}

TEST_CASE("a handshake that waits is stopped at once") {
  std::atomic<bool> there{false};
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.read_head();
    there = true;
    peer.drain();
  });
  Line line;
  line.settings.handshake = 1h;
  auto opened = std::async(std::launch::async, [&] { return why(line.open(server.port())); });
  wait_until([&] { return there.load(); });
  line.interrupt.stop();
  CHECK(opened.get() == "stopped");
}

TEST_CASE("TLS is for a certificate that names the host and leads to a known authority") {
  const Certificate certificate;
  const Certificate another;
  ScriptedServer server(
      [](ScriptedPeer& peer) {
        peer.accept_websocket(server_frame(1, "closed to others"));
        peer.read_frame();
        peer.send(server_frame(1, "heard"));
        peer.drain();
      },
      certificate.file, certificate.key);
  Line line;
  CHECK(why(line.open(server.port(), true, "localhost")).find("certificate is refused") != std::string::npos);
  line.settings.ca_file = another.file;
  CHECK(why(line.open(server.port(), true, "localhost")).find("certificate is refused") != std::string::npos);
  line.settings.ca_file = certificate.file;
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto opened = line.open(server.port(), true, host);
    REQUIRE(why(opened) == "open");
    CHECK(line.hear(**opened) == "closed to others");
    CHECK((*opened)->send("hello").has_value());
    CHECK(line.hear(**opened) == "heard");
    (*opened)->close();
  }
  line.settings.ca_file = certificate.key;
  CHECK(why(line.open(server.port(), true, "localhost")).find("no certificate in PEM") != std::string::npos);
}

TEST_CASE("TLS refuses a certificate that names another host, whoever signed it") {
  const Certificate certificate("DNS:elsewhere.example,DNS:*.localhost,IP:127.0.0.2");
  ScriptedServer server([](ScriptedPeer& peer) { peer.accept_websocket(); }, certificate.file, certificate.key);
  Line line;
  line.settings.ca_file = certificate.file;
  for (const char* host : {"localhost", "127.0.0.1"}) {
    CHECK(why(line.open(server.port(), true, host)).find("mismatch") != std::string::npos);
  }
}

TEST_CASE("a server without TLS is no server with it") {
  ScriptedServer server([](ScriptedPeer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  Line line;
  CHECK(why(line.open(server.port(), true, "localhost")).find("TLS") != std::string::npos);
}

TEST_CASE("a proxy is told the name and looks it up itself") {
  std::string asked;
  ScriptedServer proxy([&](ScriptedPeer& peer) {
    asked = hex(as_bytes(peer.read(3)));
    peer.send(std::string("\x05\x00", 2));
    asked += " " + hex(as_bytes(peer.read(4)));
    asked += " " + hex(as_bytes(peer.read(1)));
    asked += " " + peer.read(14);
    asked += " " + hex(as_bytes(peer.read(2)));
    peer.send(std::string("\x05\x00\x00\x03\x01x\x00\x50", 8));
    peer.accept_websocket(server_frame(1, "through"));
    peer.drain();
  });
  Line line;
  line.settings.proxy = SocksProxy{"127.0.0.1", proxy.port()};
  const auto opened = line.open(4000, false, "abcdefgh.onion");
  REQUIRE(why(opened) == "open");
  CHECK(line.hear(**opened) == "through");
  CHECK(asked == "050100 05010003 0e abcdefgh.onion 0fa0");
}

TEST_CASE("a proxy that refuses, asks for a password or is none is told as such") {
  const std::vector<std::pair<std::string, std::string>> answers = {
      {std::string("\x05\xff", 2), "name and password"},
      {std::string("HT"), "no SOCKS 5"},
      {std::string("\x05\x00\x05\x05\x00\x01", 6), "connection was refused"},
      {std::string("\x05\x00\x04\x00\x00\x01", 6), "no SOCKS 5"},
      {std::string("\x05\x00\x05\x63\x00\x01", 6), "reason 99"},
      {std::string("\x05\x00\x05\x00\x00\x02", 6), "no address"},
      {std::string("\x05\x00\x05\x00\x00\x01"
                   "123456"
                   "more",
                   16),
       "more than it was asked"},
      {std::string("\x05", 1), "ended the connection"}};
  for (const auto& [answer, words] : answers) {
    ScriptedServer proxy([&answer = answer](ScriptedPeer& peer) {
      peer.read(3);
      peer.send(answer);
      if (answer.size() > 1) peer.read(10);
    });
    Line line;
    line.settings.proxy = SocksProxy{"127.0.0.1", proxy.port()};
    CAPTURE(words);
    CHECK(why(line.open(4000, false, "192.0.2.1")).find(words) != std::string::npos);
  }
}

TEST_CASE("an onion address without a proxy is not looked up") {
  Line line;
  const auto opened = line.open(80, false, "abcdefgh.onion");
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == ErrorCode::usage);
}
