#include "transport/wormhole/websocket_frames.hpp"

#include <catch2/catch.hpp>

#include "tests/support/fake_rng.hpp"
#include "tests/support/scripted_server.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;

namespace {

constexpr std::size_t kLimit = 1000;

// What a client hears of these bytes: each message, and at the end whether it is over.
std::vector<std::string> heard_of(std::string_view bytes, std::size_t piece = 100'000) {
  FakeRng rng;
  WebSocketFrames frames(rng, kLimit);
  std::vector<std::string> heard;
  bool over = false;
  while (!bytes.empty() && !over) {
    over = !frames.take(as_bytes(bytes.substr(0, piece)));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (auto message = frames.next_message()) heard.push_back(*message);
  }
  if (over) heard.emplace_back("over");
  return heard;
}

using Heard = std::vector<std::string>;

}  // namespace

TEST_CASE("messages come whole, whatever pieces and fragments they come in") {
  const std::string bytes = server_frame(1, "one") + server_frame(1, "tw", false) + server_frame(9, "ping") +
                            server_frame(0, "o") + server_frame(2, std::string("\0\xff", 2)) +
                            server_frame(1, "three", false) + server_frame(0, "") + server_frame(1, "") +
                            server_frame(1, std::string(kLimit, 'a'));
  for (const std::size_t piece : {1, 2, 7, 100'000}) {
    CHECK(heard_of(bytes, piece) ==
          Heard{"one", "two", std::string("\0\xff", 2), "three", "", std::string(kLimit, 'a')});
  }
}

TEST_CASE("what breaks the rules of WebSocket ends the connection, and what came before it is heard") {
  const std::vector<std::pair<const char*, std::string>> broken = {
      {"masked", server_frame(1, "x", true, true)},
      {"too large", server_frame(1, std::string(kLimit + 1, 'a'))},
      {"too large together", server_frame(1, std::string(kLimit, 'a'), false) + server_frame(0, "a")},
      {"a length of 2^62", std::string("\x81\x7f\x3f\xff\xff\xff\xff\xff\xff\xff", 10)},
      {"not UTF-8", server_frame(1, "\xff")},
      {"half a character", server_frame(1, "caf\xc3")},
      {"a continuation of nothing", server_frame(0, "x")},
      {"two beginnings", server_frame(1, "x", false) + server_frame(1, "y")},
      {"an unknown opcode", server_frame(3, "x")},
      {"compressed", std::string("\xc1\x01x", 3)},
      {"a ping of 126 bytes", server_frame(9, std::string(126, 'a'))},
      {"a ping in fragments", server_frame(9, "x", false)},
      {"a close", server_frame(8, std::string("\x03\xe8", 2))},
      {"an empty close", server_frame(8, "")},
      {"a close of one byte", server_frame(8, "x")}};
  for (const auto& [name, bytes] : broken) {
    CAPTURE(name);
    CHECK(heard_of(server_frame(1, "before") + bytes + server_frame(1, "behind")) == Heard{"before", "over"});
  }
}

TEST_CASE("a ping is answered, masked, with what it said") {
  FakeRng rng;
  WebSocketFrames frames(rng, kLimit);
  CHECK(frames.take(as_bytes(server_frame(9, "abc"))).has_value());
  const Bytes output = frames.output();
  REQUIRE(output.size() == 2 + 4 + 3);
  CHECK(output[0] == 0x8a);
  CHECK(output[1] == 0x83);
  std::string said;
  for (std::size_t i = 0; i < 3; ++i) said.push_back(static_cast<char>(output[6 + i] ^ output[2 + i]));
  CHECK(said == "abc");
}

TEST_CASE("each frame has a mask of its own, and without entropy there is none") {
  FakeRng rng;
  WebSocketFrames frames(rng, kLimit);
  CHECK(frames.send_text("text").has_value());
  const Bytes first = frames.output();
  CHECK(frames.send_text("text").has_value());
  CHECK(frames.output() != first);
  CHECK(first[0] == 0x81);
  rng.run_dry_after(0);
  CHECK_FALSE(frames.send_text("text").has_value());
}

TEST_CASE("a close is said once and nothing behind it") {
  FakeRng rng;
  WebSocketFrames frames(rng, kLimit);
  frames.send_close();
  CHECK(frames.output()[0] == 0x88);
  frames.send_close();
  CHECK(frames.output().empty());
  CHECK_FALSE(frames.send_text("late").has_value());
}

TEST_CASE("a server that asks for pongs and does not read them is left") {
  FakeRng rng;
  WebSocketFrames frames(rng, kLimit);
  const std::string pings = [] {
    std::string all;
    for (int i = 0; i < 100; ++i) all += server_frame(9, std::string(125, 'a'));
    return all;
  }();
  int rounds = 0;
  while (frames.take(as_bytes(pings)) && rounds < 1000) ++rounds;
  CHECK(rounds < 200);
  CHECK(frames.output().size() < kUnsentBytesMax + 20'000);
}
