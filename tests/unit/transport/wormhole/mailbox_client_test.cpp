#include "transport/wormhole/mailbox_client.hpp"

#include <catch2/catch.hpp>

#include <future>

#include "tests/support/fake_rng.hpp"
#include "tests/support/http_wire.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/waiting.hpp"
#include "tests/support/wormhole_side.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kWelcome = R"({"type":"welcome","welcome":{},"server_tx":1790000000.5})";

struct NotingOwner final : WormholeOwner {
  void take(const WormholeEvent& event, Wormhole& wormhole) override {
    if (std::holds_alternative<CodeMade>(event) && close_at_code) wormhole.close(Mood::happy);
    if (const auto* failed = std::get_if<WormholeFailed>(&event)) failure = failed->why;
    if (const auto* ended = std::get_if<Ended>(&event)) mood = name_of(ended->mood);
    ++events;
  }
  void take_loss(const Error& why, std::chrono::milliseconds wait) override {
    losses.push_back(why.detail);
    waits.push_back(wait);
    if (losses.size() >= losses_max && client != nullptr) client->stop();
    ++lost;
  }

  bool close_at_code = false;
  std::string failure, mood;
  std::atomic<int> events{0}, lost{0};
  std::vector<std::string> losses;
  std::vector<std::chrono::milliseconds> waits;
  std::size_t losses_max = 1000;
  MailboxClient* client = nullptr;
};

// A mailbox's answer to each command, as a script: it goes on until the client is gone.
void serve_mailbox(ScriptedPeer& peer) {
  peer.accept_websocket(server_frame(1, kWelcome));
  const auto say = [&](std::string_view text) { peer.send(server_frame(1, text)); };
  for (std::string frame = peer.read_frame(); !frame.empty() && frame[0] == '1'; frame = peer.read_frame()) {
    say(R"({"type":"ack","server_tx":1.5})");
    if (frame.find(R"("allocate")") != std::string::npos) say(R"({"type":"allocated","nameplate":"7"})");
    if (frame.find(R"("claim")") != std::string::npos) say(R"({"type":"claimed","mailbox":"box"})");
    if (frame.find(R"("release")") != std::string::npos) say(R"({"type":"released"})");
    if (frame.find(R"("ping")") != std::string::npos) say(R"({"type":"pong","pong":1})");
    if (frame.find(R"("close")") != std::string::npos) say(R"({"type":"closed"})");
  }
}

struct Run {
  explicit Run(std::uint16_t port) {
    settings.url = MailboxUrl{false, "127.0.0.1", port};
    settings.first_wait = 1ms;
    settings.longest_wait = 4ms;
  }
  MailboxClient& client() {
    if (!client_) {
      client_.emplace(settings, side.wormhole(), owner, clock, side.rng());
      owner.client = &*client_;
    }
    return *client_;
  }

  MailboxClientSettings settings;
  auth::SystemClock clock;
  WormholeSide side;
  NotingOwner owner;

 private:
  std::optional<MailboxClient> client_;
};

}  // namespace

TEST_CASE("a client runs a wormhole to its end") {
  ScriptedServer server(serve_mailbox);
  Run run(server.port());
  run.owner.close_at_code = true;
  CHECK(run.client().run().has_value());
  CHECK(run.owner.mood == "happy");
  CHECK(run.owner.losses.empty());
  CHECK(server.connections() == 1);
}

TEST_CASE("a client whose mailbox is gone waits longer each time, up to the longest wait") {
  const KeptPort nobody;
  Run run(nobody.number());
  run.settings.first_wait = 4ms;
  run.settings.longest_wait = 12ms;
  run.owner.losses_max = 6;
  const Status ran = run.client().run();
  CHECK_FALSE(ran.has_value());
  CHECK(run.owner.waits == std::vector<std::chrono::milliseconds>{4ms, 6ms, 9ms, 12ms, 12ms, 12ms});
}

TEST_CASE("a client that was welcomed begins its waits anew, and goes on behind any number of losses") {
  std::atomic<int> connection{0};
  ScriptedServer server([&](ScriptedPeer& peer) {
    switch (connection++) {
      case 0:
        return;  // before the answer
      case 1:
        return peer.send("HTTP/1.1 503 Busy\r\n\r\n");
      case 2:
        return peer.accept_websocket(server_frame(1, kWelcome));
      case 3:
        return peer.accept_websocket(server_frame(1, kWelcome).substr(0, 9));
      case 4:
        return peer.accept_websocket(server_frame(8, ""));
      default:
        return serve_mailbox(peer);
    }
  });
  Run run(server.port());
  run.owner.close_at_code = true;
  CHECK(run.client().run().has_value());
  CHECK(run.owner.mood == "happy");
  CHECK(run.owner.waits == std::vector<std::chrono::milliseconds>{1ms, 1ms, 1ms, 1ms, 1ms});
  CHECK(server.connections() == 6);
}

TEST_CASE("what is no message of the protocol ends a wormhole, since it would come again") {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.accept_websocket(server_frame(1, kWelcome) + server_frame(1, R"({"type":"allocated","nameplate":7})"));
    peer.drain();
  });
  Run run(server.port());
  CHECK(run.client().run().has_value());
  CHECK(run.owner.failure.find("no message of its protocol") != std::string::npos);
  CHECK(run.owner.mood == "errory");
}

TEST_CASE("a client that is stopped leaves the wormhole where it is") {
  ScriptedServer server(serve_mailbox);
  Run run(server.port());
  MailboxClient& client = run.client();
  auto ran = std::async(std::launch::async, [&] { return client.run().has_value(); });
  wait_until([&] { return run.owner.events > 0; });
  client.stop();
  CHECK_FALSE(ran.get());
  CHECK(run.owner.mood.empty());
}

TEST_CASE("a client that waits for its next try is stopped at once") {
  const KeptPort nobody;
  Run run(nobody.number());
  run.settings.first_wait = 1h;
  run.settings.longest_wait = 1h;
  MailboxClient& client = run.client();
  auto ran = std::async(std::launch::async, [&] { return client.run().has_value(); });
  wait_until([&] { return run.owner.lost > 0; });
  client.stop();
  CHECK_FALSE(ran.get());
}

TEST_CASE("work that is posted is done by the thread that runs the wormhole") {
  ScriptedServer server(serve_mailbox);
  Run run(server.port());
  MailboxClient& client = run.client();
  std::thread::id worked;
  auto ran = std::async(std::launch::async, [&] {
    const bool ended = client.run().has_value();
    return ended && worked == std::this_thread::get_id();
  });
  wait_until([&] { return run.owner.events > 0; });
  client.post([&](Wormhole& wormhole) {
    worked = std::this_thread::get_id();
    wormhole.close(Mood::happy);
  });
  CHECK(ran.get());
  CHECK(run.owner.mood == "happy");
}

TEST_CASE("at its deadline a client closes as lonely, with a mailbox or without") {
  ScriptedServer server(serve_mailbox);
  Run run(server.port());
  run.settings.deadline = 50ms;
  CHECK(run.client().run().has_value());
  CHECK(run.owner.mood == "lonely");

  const KeptPort nobody;
  Run gone(nobody.number());
  gone.settings.deadline = 20ms;
  CHECK(gone.client().run().has_value());  // nothing was begun that would have to be ended
  CHECK(gone.owner.mood == "lonely");
}

TEST_CASE("a farewell that nobody takes ends too") {
  std::atomic<bool> first{true};
  ScriptedServer server([&](ScriptedPeer& peer) {
    if (!first.exchange(false)) return;
    serve_mailbox(peer);
  });
  Run run(server.port());
  run.settings.farewell = 50ms;
  run.settings.deadline = 1h;
  MailboxClient& client = run.client();
  auto ran = std::async(std::launch::async, [&] { return client.run(); });
  wait_until([&] { return run.owner.events > 0; });
  client.stop();
  CHECK_FALSE(ran.get().has_value());
  // Made anew from its facts, at a mailbox that is gone, with no time left.
  run.side.take();
  MailboxClientSettings settings = run.settings;
  settings.deadline = 0ms;
  WormholeSide later("7-x");
  MailboxClient again(settings, later.wormhole(), run.owner, run.clock, later.rng());
  const Status left = again.run();
  REQUIRE_FALSE(left.has_value());
  CHECK(left.error().code == ErrorCode::network_failed);
}
