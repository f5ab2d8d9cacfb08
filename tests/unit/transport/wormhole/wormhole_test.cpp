#include "transport/wormhole/wormhole.hpp"

#include <catch2/catch.hpp>

#include "tests/support/wormhole_scene.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;

namespace {

using Events = std::vector<std::string>;
using Messages = std::vector<PhaseMessage>;
using Scene = WormholeScene;

}  // namespace

TEST_CASE("two sides with one code agree on a key and exchange texts in order") {
  Scene scene;
  CHECK(scene.a.events == Events{"code"});
  CHECK(scene.a.code().starts_with("1-"));
  scene.a.send("one");
  scene.a.send("two");
  scene.join();
  CHECK(scene.b->events == Events{"came", "agreed", "version", "text one", "text two"});
  CHECK(scene.a.events == Events{"code", "came", "agreed", "version"});
  CHECK(scene.a.verifier == scene.b->verifier);
  CHECK_FALSE(scene.mailbox.has_nameplate("1"));
  scene.b->send("three");
  scene.run();
  CHECK(scene.a.has("text three"));
  scene.a.wormhole().close(Mood::happy);
  scene.b->wormhole().close(Mood::happy);
  scene.run();
  CHECK(scene.a.has("ended happy"));
  CHECK(scene.b->has("ended happy"));
  CHECK(scene.mailbox.moods == Events{"happy", "happy"});
  CHECK(scene.mailbox.errors.empty());
}

TEST_CASE("nothing of the application is told before the peer has shown that it knows the code") {
  Scene scene("1-wrong-code");
  scene.a.send("the secret");
  scene.join();
  CHECK(scene.a.has("wrong"));
  CHECK(scene.b->has("wrong"));
  CHECK(scene.mailbox.moods == Events{"scary", "scary"});
  for (const std::string& add : scene.mailbox.adds) CHECK_FALSE(add.ends_with(" 0"));
  CHECK(scene.a.has("ended scary"));
}

TEST_CASE("a wormhole that had a wrong guess is dead for the right one too") {
  Scene scene("1-wrong-code");
  scene.join();
  WormholeSide right(scene.a.code());
  scene.mailbox.connect(right.side(), right.wormhole());
  scene.mailbox.run();
  right.take();
  CHECK_FALSE(right.has("version"));
  CHECK_FALSE(scene.a.wormhole().send(Secret(as_bytes("late"))).has_value());
}

TEST_CASE("a third side crowds a wormhole") {
  Scene scene;
  WormholeSide stranger("1-any-words");
  scene.mailbox.connect(scene.b->side(), scene.b->wormhole());
  scene.mailbox.connect(stranger.side(), stranger.wormhole());
  scene.run();
  stranger.take();
  const int crowded = scene.a.has("crowded") + scene.b->has("crowded") + stranger.has("crowded");
  CHECK(crowded >= 1);
}

TEST_CASE("messages that come backward, twice and before the pake are taken once and in order") {
  Scene scene;
  scene.a.send("one");
  scene.a.send("two");
  scene.a.send("three");
  scene.join();
  // The second side forgets all it saw, and the mailbox tells it from the end to the beginning, each message twice.
  scene.mailbox.replays_backward = true;
  scene.mailbox.mangle = [](const std::string&, const PhaseMessage& message) { return Messages{message, message}; };
  scene.b->renew();
  scene.reconnect(*scene.b);
  CHECK(scene.b->events == Events{"came", "agreed", "version", "text one", "text two", "text three"});
}

TEST_CASE("messages that the mailbox reflects under another name open for nobody") {
  Scene scene;
  scene.mailbox.mangle = [&](const std::string& to, const PhaseMessage& message) {
    PhaseMessage reflected = message;
    if (message.side == to) reflected.side = "0123456789";
    return Messages{reflected};
  };
  WormholeSide alone;
  scene.mailbox.connect(alone.side(), alone.wormhole());
  scene.mailbox.run();
  alone.take();
  CHECK(alone.has("wrong"));
  CHECK(alone.has("ended scary"));
}

TEST_CASE("a closed message under another side, phase or with a bit changed ends everything") {
  for (int kind = 0; kind < 3; ++kind) {
    CAPTURE(kind);
    Scene scene;
    scene.mailbox.mangle = [&](const std::string& to, const PhaseMessage& message) {
      PhaseMessage changed = message;
      if (to != scene.a.side() || message.side == to || message.phase == "pake") return Messages{changed};
      if (kind == 0) changed.phase = "0";
      if (kind == 1) changed.body.back() ^= 1;
      if (kind == 2) changed.body.clear();
      return Messages{changed};
    };
    scene.join();
    CHECK(scene.a.has("wrong"));
    CHECK(scene.a.has("ended scary"));
    CHECK_FALSE(scene.a.has("version"));
  }
}

TEST_CASE("a text that the mailbox withholds holds back those behind it and none is lost") {
  Scene scene;
  PhaseMessage withheld;
  scene.mailbox.mangle = [&](const std::string& to, const PhaseMessage& message) {
    if (to != scene.b->side() || message.phase != "0") return Messages{message};
    withheld = message;
    return Messages{};
  };
  scene.a.send("one");
  scene.a.send("two");
  scene.join();
  CHECK_FALSE(scene.b->has("text two"));
  scene.b->wormhole().receive(withheld);
  scene.b->take();
  CHECK(scene.b->events == Events{"came", "agreed", "version", "text one", "text two"});
}

TEST_CASE("a side that nobody knows, unknown phases and pakes behind the first are passed over") {
  Scene scene;
  scene.join();
  const Events before = scene.a.events;
  for (const char* phase : {"dilate-0", "transit", "01", "pake", "version", "0"}) {
    scene.a.wormhole().receive(PhaseMessage{"ffffffffff", phase, Bytes(60)});
  }
  for (const char* phase : {"dilate-0", "transit", "01", "1000", "pake", "version"}) {
    scene.a.wormhole().receive(PhaseMessage{scene.b->side(), phase, Bytes(60)});
  }
  scene.a.take();
  CHECK(scene.a.events == before);
}

TEST_CASE("what waits for a key is bounded") {
  Scene scene;
  for (std::size_t i = 0; i < kQueuedMax; ++i) {
    scene.a.wormhole().receive(PhaseMessage{"ffffffffff", std::to_string(i), {}});
    scene.a.wormhole().receive(PhaseMessage{"ffffffffff", std::to_string(i), {}});
  }
  scene.a.take();
  CHECK(scene.a.events == Events{"code"});
  scene.a.wormhole().receive(PhaseMessage{"ffffffffff", "more", {}});
  scene.run();
  CHECK(scene.a.has("failed too many messages came before a key was agreed on"));
  CHECK(scene.a.has("ended errory"));
}

TEST_CASE("a mailbox that refuses ends a wormhole with its words") {
  for (const bool permission : {false, true}) {
    WormholeSide side;
    side.wormhole().connected();
    side.wormhole().receive(Welcome{permission ? "" : "upgrade", permission});
    side.take();
    REQUIRE(side.events.size() == 2);
    CHECK(side.events[0].find(permission ? "permission" : "upgrade") != std::string::npos);
    CHECK(side.events[1] == "ended errory");
    CHECK(side.wormhole().take_commands().empty());
  }
  Scene scene;
  scene.a.wormhole().receive(MailboxError{"reclaimed"});
  scene.a.take();
  CHECK(scene.a.events == Events{"code", "failed the mailbox says: reclaimed", "ended errory"});
}

TEST_CASE("a text that is too large, too many or late is refused to its owner") {
  Scene scene;
  auto& wormhole = scene.a.wormhole();
  CHECK(wormhole.send(Secret(kTextBytesMax)).has_value());
  CHECK(wormhole.send(Secret(kTextBytesMax + 1)).error().code == ErrorCode::message_too_large);
  std::size_t sent = 0;
  while (wormhole.send(Secret(as_bytes("x")))) REQUIRE(++sent < 2 * kQueuedMax);
  CHECK(wormhole.send(Secret(as_bytes("x"))).error().code == ErrorCode::busy);
  wormhole.close(Mood::happy);
  CHECK(wormhole.send(Secret(as_bytes("x"))).error().code == ErrorCode::conflict);
}

TEST_CASE("without entropy a wormhole fails and says nothing more") {
  Scene scene;
  scene.b->rng().run_dry_after(0);
  scene.join();
  CHECK(scene.b->has("ended errory"));
  CHECK_FALSE(scene.b->has("version"));
  WormholeSide dry;
  dry.rng().run_dry_after(0);
  dry.wormhole().connected();
  dry.wormhole().receive(Welcome{});
  dry.wormhole().receive(Allocated{"7"});
  dry.take();
  CHECK(dry.has("ended errory"));
}

TEST_CASE("facts that are none begin no wormhole") {
  FakeRng rng;
  WormholeFacts facts{"app", draw_side(rng).value(), draw_pake_scalar(rng).value(), parse_code("7-x").value(), ""};
  CHECK(Wormhole::begin(facts, rng).has_value());
  const auto refused = [&](auto change) {
    WormholeFacts changed = facts;
    change(changed);
    return !Wormhole::begin(changed, rng).has_value();
  };
  CHECK(refused([](WormholeFacts& f) { f.appid.clear(); }));
  CHECK(refused([](WormholeFacts& f) { f.appid = "\xff"; }));
  CHECK(refused([](WormholeFacts& f) { f.side = "012345678"; }));
  CHECK(refused([](WormholeFacts& f) { f.side = "012345678G"; }));
  CHECK(refused([](WormholeFacts& f) { f.scalar = Secret(); }));
  CHECK(refused([](WormholeFacts& f) { f.code.reset(), f.mailbox = "box"; }));
}
