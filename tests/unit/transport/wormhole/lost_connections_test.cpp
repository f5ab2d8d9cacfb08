// A wormhole over connections that are lost, with sides that are made anew and mailboxes that forget.
#include <catch2/catch.hpp>

#include "tests/support/wormhole_scene.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;

namespace {

using Events = std::vector<std::string>;
using Scene = WormholeScene;

}  // namespace

TEST_CASE("a side that was made anew at any moment comes to the same end") {
  // Steps: after the code, after the peer's pake, after the text, with the peer gone.
  for (int step = 0; step < 3; ++step) {
    CAPTURE(step);
    Scene scene;
    const std::string code = scene.a.code();
    if (step == 0) {
      scene.mailbox.drop(scene.a.side());
      scene.a.renew();
      scene.reconnect(scene.a);
    }
    if (step == 2) scene.a.send("text");
    scene.join();
    if (step > 0) {
      scene.mailbox.drop(scene.a.side());
      scene.a.renew();
      scene.reconnect(scene.a);
    }
    scene.a.send("text");
    scene.run();
    CHECK(scene.a.code() == code);
    CHECK(scene.b->events == Events{"came", "agreed", "version", "text text"});
    CHECK(scene.a.verifier == scene.b->verifier);
    CHECK(scene.a.has("version"));
    CHECK(scene.mailbox.errors.empty());
    // Nothing was told twice.
    std::sort(scene.mailbox.adds.begin(), scene.mailbox.adds.end());
    CHECK(std::adjacent_find(scene.mailbox.adds.begin(), scene.mailbox.adds.end()) == scene.mailbox.adds.end());
    scene.a.wormhole().close(Mood::happy);
    scene.run();
    CHECK(scene.a.has("ended happy"));
  }
}

TEST_CASE("a mailbox that loses its memory before the peer came is told everything again") {
  Scene scene;
  scene.a.send("text");
  scene.mailbox.forget();
  scene.reconnect(scene.a);
  CHECK(scene.mailbox.has_nameplate("1"));
  scene.join();
  CHECK(scene.b->events == Events{"came", "agreed", "version", "text text"});
}

TEST_CASE("a mailbox that loses its memory behind the pake is told everything again") {
  Scene scene;
  scene.join();
  scene.mailbox.forget();
  scene.a.send("text");
  scene.reconnect(scene.a);
  scene.reconnect(*scene.b);
  CHECK(scene.b->has("text text"));
  CHECK_FALSE(scene.mailbox.has_nameplate("1"));  // which may be somebody else's by now
}

TEST_CASE("what was sent while the connection was gone is told when it is there") {
  Scene scene;
  scene.join();
  scene.mailbox.drop(scene.a.side());
  scene.a.send("text");
  scene.a.wormhole().close(Mood::happy);
  CHECK(scene.a.wormhole().take_commands().empty());
  scene.reconnect(scene.a);
  CHECK(scene.b->has("text text"));
  CHECK(scene.a.has("ended happy"));
}

TEST_CASE("a side that nobody came to closes as lonely, and one without a code is done at once") {
  Scene scene;
  scene.a.wormhole().close(Mood::lonely);
  scene.run();
  CHECK(scene.mailbox.moods == Events{"lonely"});
  CHECK_FALSE(scene.mailbox.has_nameplate("1"));
  WormholeSide early;
  early.wormhole().close(Mood::lonely);
  early.take();
  CHECK(early.events == Events{"ended lonely"});
}

TEST_CASE("a mailbox that goes away twice at the farewell is not asked for ever") {
  Scene scene;
  auto& wormhole = scene.a.wormhole();
  wormhole.close(Mood::happy);
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(wormhole.ended());
    wormhole.lost();
    wormhole.connected();
    wormhole.receive(Welcome{});
    wormhole.receive(Claimed{"box1"});
    wormhole.receive(Pong{2 + i});
  }
  CHECK(wormhole.ended());
}
