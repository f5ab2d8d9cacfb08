#include "transport/wormhole/mailbox_message.hpp"

#include <catch2/catch.hpp>

#include "storage/base/json.hpp"

using namespace countersign;
using namespace countersign::transport::wormhole;

namespace {

template <class Answer>
Answer answered(std::string_view text) {
  const auto answer = parse_answer(text);
  REQUIRE(answer.has_value());
  REQUIRE(std::holds_alternative<Answer>(*answer));
  return std::get<Answer>(*answer);
}

ErrorCode answer_error(std::string_view text) {
  const auto answer = parse_answer(text);
  REQUIRE_FALSE(answer.has_value());
  return answer.error().code;
}

std::string message_of(std::string_view side, std::string_view phase, std::string_view body) {
  return write_json(Json::object().set("type", "message").set("side", side).set("phase", phase).set("body", body));
}

}  // namespace

TEST_CASE("commands to a mailbox are compact JSON") {
  CHECK(write_command(Bind{"an app", "0123456789"}) ==
        R"({"type":"bind","appid":"an app","side":"0123456789","client_version":["countersign",")" COUNTERSIGN_VERSION
        R"("]})");
  CHECK(write_command(Allocate{}) == R"({"type":"allocate"})");
  CHECK(write_command(Claim{"7"}) == R"({"type":"claim","nameplate":"7"})");
  CHECK(write_command(Release{"7"}) == R"({"type":"release","nameplate":"7"})");
  CHECK(write_command(Open{"mbox"}) == R"({"type":"open","mailbox":"mbox"})");
  CHECK(write_command(Add{"0", {0xab, 0x01}}) == R"({"type":"add","phase":"0","body":"ab01"})");
  CHECK(write_command(Close{"mbox", Mood::scary}) == R"({"type":"close","mailbox":"mbox","mood":"scary"})");
  CHECK(write_command(Ping{3}) == R"({"type":"ping","ping":3})");
}

TEST_CASE("moods have the names that a mailbox counts them by") {
  CHECK(name_of(Mood::happy) == "happy");
  CHECK(name_of(Mood::lonely) == "lonely");
  CHECK(name_of(Mood::scary) == "scary");
  CHECK(name_of(Mood::errory) == "errory");
}

TEST_CASE("what a mailbox says is read by its type, and unknown members are passed over") {
  CHECK(answered<Allocated>(R"({"type": "allocated", "nameplate": "12", "server_tx": 1790000000.1})").nameplate ==
        "12");
  CHECK(answered<Claimed>(R"({"type":"claimed","mailbox":"abc"})").mailbox == "abc");
  CHECK(answered<Pong>(R"({"type":"pong","pong":5})").number == 5);
  CHECK(answered<MailboxError>(R"({"type":"error","error":"crowded","orig":{"type":"open"}})").reason == "crowded");
  answered<Released>(R"({"type":"released"})");
  answered<Closed>(R"({"type":"closed"})");
  const auto message = answered<PhaseMessage>(
      R"({"type":"message","side":"s","phase":"p","body":"00fF","id":"x","server_rx":1790000000.25,"more":[1.5]})");
  CHECK(message.side == "s");
  CHECK(message.phase == "p");
  CHECK(message.body == Bytes{0x00, 0xff});
}

TEST_CASE("types of messages that are not known are passed over") {
  answered<PassedOver>(R"({"type":"ack","id":"1","server_tx":1.5})");
  answered<PassedOver>(R"({"type":"nameplates","nameplates":[{"id":"1"}]})");
  answered<PassedOver>(R"({"type":"what comes next year"})");
}

TEST_CASE("a welcome says whether the mailbox serves us") {
  CHECK(answered<Welcome>(R"({"type":"welcome","welcome":{}})").error.empty());
  CHECK(answered<Welcome>(R"({"type":"welcome","welcome":{"error":"go\u001b away"}})").error == "go\\x1b away");
  CHECK_FALSE(answered<Welcome>(R"({"type":"welcome","welcome":{}})").permission_asked);
  CHECK_FALSE(
      answered<Welcome>(R"({"type":"welcome","welcome":{"permission-required":{"none":{}}}})").permission_asked);
  CHECK(answered<Welcome>(R"({"type":"welcome","welcome":{"permission-required":{"hashcash":{"bits":20}}}})")
            .permission_asked);
}

TEST_CASE("a member of the wrong type is refused") {
  for (const char* text :
       {R"({})", R"({"type":5})", R"([])", R"({"type":"welcome"})", R"({"type":"welcome","welcome":[]})",
        R"({"type":"welcome","welcome":{"error":1}})", R"({"type":"welcome","welcome":{"permission-required":1}})",
        R"({"type":"allocated"})", R"({"type":"allocated","nameplate":7})", R"({"type":"allocated","nameplate":"x"})",
        R"({"type":"claimed","mailbox":""})", R"({"type":"claimed","mailbox":"a\u0007"})", R"({"type":"pong"})",
        R"({"type":"pong","pong":1.5})", R"({"type":"error"})", R"({"type":"message","side":"s","phase":"p"})",
        R"({"type":"message","side":"s","phase":"p","body":"0"})",
        R"({"type":"message","side":"s","phase":"p","body":"zz"})",
        R"({"type":"message","side":["s"],"phase":"p","body":""})"}) {
    CAPTURE(text);
    CHECK(answer_error(text) == ErrorCode::malformed_message);
  }
  CHECK(answer_error("") == ErrorCode::malformed_json);
  CHECK(answer_error(R"({"type":"closed","type":"closed"})") == ErrorCode::malformed_json);
}

TEST_CASE("what a mailbox says is bounded, as a whole and in its parts") {
  CHECK(answered<PhaseMessage>(message_of("s", "0", std::string(2 * kBodyBytesMax, 'a'))).body.size() == kBodyBytesMax);
  CHECK(answer_error(message_of("s", "0", std::string(2 * kBodyBytesMax + 2, 'a'))) == ErrorCode::message_too_large);
  const std::string longest(kMailboxNameBytesMax, 's');
  CHECK(answered<PhaseMessage>(message_of(longest, longest, "")).phase == longest);
  CHECK(answer_error(message_of(longest + "s", "0", "")) == ErrorCode::malformed_message);
  CHECK(answer_error(message_of("s", longest + "s", "")) == ErrorCode::malformed_message);
  std::string whole = R"({"type":"closed"})";
  whole.resize(kMailboxMessageBytesMax, ' ');
  answered<Closed>(whole);
  CHECK(answer_error(whole + " ") == ErrorCode::message_too_large);
}
