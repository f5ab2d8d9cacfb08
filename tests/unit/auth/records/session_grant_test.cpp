#include "auth/records/session_grant.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const std::string kToken = "cs_" + std::string(42, 'A') + "E";

std::string grant_text() {
  return "countersign-grant-v1\n"
         "server: https://auth.example.org\n"
         "server-key: 102D44058634D44D92867BC1950DD5666EB335D4\n"
         "account: e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4\n"
         "session: 0123456789abcdef0123456789abcdef\n"
         "use-before: 2026-11-28T12:00:00Z\n"
         "token: " +
         kToken + "\n";
}

}  // namespace

TEST_CASE("a session grant is written and read as the protocol has it") {
  const auto grant = must(records::parse_session_grant(grant_text()));
  CHECK(grant.server == "https://auth.example.org");
  CHECK(grant.session == "0123456789abcdef0123456789abcdef");
  CHECK(grant.use_before == kNoon + std::chrono::days(7));
  CHECK(grant.token.reveal_text() == kToken);
  CHECK(write_session_grant(grant).reveal_text() == grant_text());
}

TEST_CASE("a session grant cut off anywhere is refused") {
  const std::string text = grant_text();
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(records::parse_session_grant(text.substr(0, size)).has_value());
  }
}

TEST_CASE("a session grant has one way of being written") {
  const std::string text = grant_text();
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"server: ", "server:  "},
           {"server: ", "host: "},
           {"server-key: 102D", "server-key: 102d"},
           {"server-key: 102D", "server-key: 02D"},
           {"account: e754", "account: E754"},
           {"account: e754", "account: 754"},
           {"session: 0123", "session: X123"},
           {"12:00:00Z", "12:00:00"},
           {"token: cs_", "token: "},
           {"token: cs_A", "token: cs_"},
           {"token: cs_A", "token: cs_AA"},
           {"AE\n", "AF\n"},  // unused bits that are not zero
           {"AE\n", "AE \n"},
           {"AE\n", "AE\r\n"},
           {"AE\n", "AE\nnote: hello\n"},
           {"AE\n", "AE\n\n"},
           {"example.org", "example\x1B[2J.org"},
       }) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    REQUIRE(changed != text);
    CAPTURE(from, to);
    CHECK(outcome(records::parse_session_grant(changed)) == "malformed_message");
  }
}

TEST_CASE("S74 a session grant of another version is refused by name") {
  std::string text = grant_text();
  text.replace(text.find("-v1"), 3, "-v2");
  CHECK(outcome(records::parse_session_grant(text)) == "unknown_version");
}
