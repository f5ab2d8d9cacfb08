#include "transport/wormhole/text_exchange.hpp"

#include <catch2/catch.hpp>

#include "tests/support/fake_mailbox.hpp"
#include "tests/support/wormhole_side.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;

namespace {

// Gives an exchange the events of its side.
void give(WormholeSide& side, TextExchange& exchange) {
  while (const auto event = side.wormhole().next_event()) exchange.take(*event, side.wormhole());
}

struct Pair {
  FakeMailbox mailbox;
  WormholeSide a{"7-x", std::string(kTextAppid)};
  WormholeSide b;

  explicit Pair(const std::string& code_of_b = "7-x") : b(code_of_b, std::string(kTextAppid)) {}

  void connect() {
    mailbox.connect(a.side(), a.wormhole());
    mailbox.connect(b.side(), b.wormhole());
    mailbox.run();
  }
  void exchange(TextExchange& of_a, TextExchange& of_b) {
    connect();
    for (int i = 0; i < 8; ++i) {
      give(a, of_a);
      give(b, of_b);
      mailbox.run();
    }
  }
  // What a says to an exchange of b's.
  void say(const std::string& text, TextExchange& of_b) {
    connect();
    a.send(text);
    for (int i = 0; i < 4; ++i) {
      a.take();
      give(b, of_b);
      mailbox.run();
    }
    a.take();
  }
};

std::string end_of(const TextExchange& exchange) {
  return exchange.end() ? std::string(name_of(exchange.end()->outcome)) : "open";
}

Status take_none(const Secret&) {
  return fail(ErrorCode::failed, "there is no room");
}
Status take_any(const Secret&) {
  return ok();
}

}  // namespace

TEST_CASE("a text is delivered once the receiver has said that it has it") {
  Pair pair;
  const std::string sent = "line\n\"quoted\" \xc3\xa9 {}";
  std::string got;
  TextSender sender{Secret(as_bytes(sent))};
  TextReceiver receiver([&](const Secret& text) {
    got = std::string(text.reveal_text());
    CHECK(end_of(sender) == "open");
    return ok();
  });
  pair.exchange(sender, receiver);
  CHECK(got == sent);
  CHECK(end_of(sender) == "delivered");
  CHECK(end_of(receiver) == "delivered");
  CHECK(pair.mailbox.moods == std::vector<std::string>{"happy", "happy"});
}

TEST_CASE("a text that the receiver cannot keep is not delivered") {
  Pair pair;
  TextSender sender{Secret(as_bytes("text"))};
  TextReceiver receiver(take_none);
  pair.exchange(sender, receiver);
  CHECK(end_of(sender) == "refused");
  CHECK(sender.end()->why == "there is no room");
  CHECK(end_of(receiver) == "unfit");
  CHECK(pair.mailbox.moods == std::vector<std::string>{"errory", "errory"});
}

TEST_CASE("offers of files are refused in words that the sender shows") {
  for (const char* offer : {R"({"offer": {"file": {"filename": "a", "filesize": 5}}})",
                            R"({"offer": {"directory": {"mode": "zipfile/deflated"}}})", R"({"offer": 5})",
                            R"({"offer": {"message": 5}})"}) {
    CAPTURE(offer);
    Pair pair;
    bool taken = false;
    TextReceiver receiver([&](const Secret&) {
      taken = true;
      return ok();
    });
    pair.say(offer, receiver);
    CHECK(pair.a.has(R"(text {"error":"only a text is taken here, and no file"})"));
    CHECK(end_of(receiver) == "unfit");
    CHECK_FALSE(taken);
  }
}

TEST_CASE("what is not for us is passed over, and what is no JSON is unfit") {
  Pair pair;
  TextReceiver receiver(take_any);
  pair.say(R"({"transit": {"abilities-v1": [{"type": "direct-tcp-v1", "priority": 0.5}]}})", receiver);
  CHECK(end_of(receiver) == "open");
  pair.a.send(R"({"offer": {"message": "text"}})");
  pair.mailbox.run();
  give(pair.b, receiver);
  CHECK(end_of(receiver) == "delivered");

  for (const char* text : {"no JSON", "[]", R"("offer")", ""}) {
    Pair other;
    TextReceiver unfit(take_any);
    other.say(text, unfit);
    CHECK(end_of(unfit) == "unfit");
  }
}

TEST_CASE("a sender takes nothing but the acknowledgement for one") {
  const std::vector<std::pair<std::string, std::string>> answers = {
      {R"({"answer": {"message_ack": "ok"}})", "delivered"},
      {R"({"answer": {"message_ack": "no"}})", "unfit"},
      {R"({"answer": {"message_ack": true}})", "unfit"},
      {R"({"answer": {"file_ack": "ok"}})", "unfit"},
      {R"({"answer": "ok"})", "unfit"},
      {R"({"error": "transfer rejected"})", "refused"},
      {R"({"error": 5})", "refused"},
      {R"({"transit": {}})", "open"}};
  for (const auto& [answer, end] : answers) {
    CAPTURE(answer);
    Pair pair;
    TextSender sender{Secret(as_bytes("text"))};
    pair.say(answer, sender);
    CHECK(end_of(sender) == end);
  }
}

TEST_CASE("a wrong code, a crowd, nobody and a mailbox that fails are told apart") {
  Pair pair("7-y");
  TextSender sender{Secret(as_bytes("text"))};
  TextReceiver receiver(take_any);
  pair.exchange(sender, receiver);
  CHECK(end_of(sender) == "wrong_guess");
  CHECK(end_of(receiver) == "wrong_guess");

  const auto ended = [](const WormholeEvent& event) {
    WormholeSide side("7-x");
    TextReceiver other(take_any);
    other.take(event, side.wormhole());
    other.take(Ended{Mood::errory}, side.wormhole());
    return end_of(other);
  };
  CHECK(ended(Crowded{}) == "crowded");
  CHECK(ended(WormholeFailed{"x"}) == "failed");
  CHECK(ended(Ended{Mood::lonely}) == "lonely");
}

TEST_CASE("a text that no mailbox takes is not delivered") {
  Pair pair;
  TextSender sender{Secret(as_bytes(std::string(kTextBytesMax, 'a')))};
  TextReceiver receiver(take_any);
  pair.exchange(sender, receiver);
  CHECK(end_of(sender) == "failed");
}
