#include "auth/records/statement.hpp"

#include <catch2/catch.hpp>

#include "storage/base/text.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

records::Statement statement(records::Purpose purpose) {
  records::Statement out;
  out.purpose = purpose;
  out.server = "https://auth.example.org";
  out.server_key = must(Fingerprint::parse("102D44058634D44D92867BC1950DD5666EB335D4"));
  out.account = "e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4";
  out.key = must(Fingerprint::parse("7E83D657744F8AD2656B40035C27A52981F1F86B"));
  out.challenge = "AQIDBA";
  out.nonce = std::string(42, 'A') + "E";
  out.issued_at = kNoon;
  out.expires_at = kNoon + Seconds(300);
  if (purpose == records::Purpose::enrol) out.extra = "alice";
  if (purpose == records::Purpose::rotate) out.extra = "7E83D657744F8AD2656B40035C27A52981F1F86B";
  if (purpose == records::Purpose::revoke) out.extra = "key_retired";
  return out;
}

constexpr records::Purpose kPurposes[] = {records::Purpose::login, records::Purpose::enrol, records::Purpose::rotate,
                                          records::Purpose::revoke, records::Purpose::password};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split_lines(text)) lines.emplace_back(line);
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("a login statement is the text of the protocol to the byte") {
  CHECK(write_statement(statement(records::Purpose::login)) ==
        "countersign-statement-v1\n"
        "purpose: login\n"
        "server: https://auth.example.org\n"
        "server-key: 102D44058634D44D92867BC1950DD5666EB335D4\n"
        "account: e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4\n"
        "key: 7E83D657744F8AD2656B40035C27A52981F1F86B\n"
        "challenge: AQIDBA\n"
        "nonce: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n"
        "issued: 2026-11-21T12:00:00Z\n"
        "expires: 2026-11-21T12:05:00Z\n"
        "transport: http\n");
}

TEST_CASE("a purpose adds its line after the transport") {
  CHECK(write_statement(statement(records::Purpose::enrol)).ends_with("\ntransport: http\nusername: alice\n"));
  CHECK(write_statement(statement(records::Purpose::rotate))
            .ends_with("\ntransport: http\nnew-key: 7E83D657744F8AD2656B40035C27A52981F1F86B\n"));
  CHECK(write_statement(statement(records::Purpose::revoke)).ends_with("\ntransport: http\nreason: key_retired\n"));
  CHECK(write_statement(statement(records::Purpose::password)).ends_with("\ntransport: http\n"));
}

TEST_CASE("a browser's statement says which browser asks, last") {
  records::Statement asked = statement(records::Purpose::login);
  asked.transport = records::Transport::browser;
  asked.browser = "192.0.2.9, Firefox on Linux";
  const std::string text = write_statement(asked);
  CHECK(text.ends_with("\ntransport: browser\nbrowser: 192.0.2.9, Firefox on Linux\n"));
  CHECK(must(records::parse_statement(text)) == asked);
  const auto refused = [&](std::string_view from, std::string_view to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return outcome(records::parse_statement(changed));
  };
  CHECK(refused("browser: 192.0.2.9, Firefox on Linux\n", "") == "malformed_statement");
  CHECK(refused("transport: browser", "transport: http") == "malformed_statement");
  CHECK(refused("192.0.2.9, Firefox on Linux", "\x1b[2J") == "malformed_statement");
}

TEST_CASE("what was written is read as the same statement") {
  for (const records::Purpose purpose : kPurposes) {
    CAPTURE(name_of(purpose));
    CHECK(must(records::parse_statement(write_statement(statement(purpose)))) == statement(purpose));
  }
}

TEST_CASE("a statement without one of its lines is refused") {
  for (const records::Purpose purpose : kPurposes) {
    const auto lines = lines_of(write_statement(statement(purpose)));
    for (std::size_t missing = 0; missing < lines.size(); ++missing) {
      auto fewer = lines;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(missing));
      CAPTURE(lines[missing]);
      CHECK(outcome(records::parse_statement(joined(fewer))) == "malformed_statement");
    }
  }
}

TEST_CASE("a statement with a line twice or a line of nobody's is refused") {
  for (const records::Purpose purpose : kPurposes) {
    const auto lines = lines_of(write_statement(statement(purpose)));
    for (std::size_t at = 0; at <= lines.size(); ++at) {
      for (const std::string& line :
           {at < lines.size() ? lines[at] : lines.back(), std::string("note: hello"), std::string(),
            std::string("username: bob"), std::string("reason: unspecified")}) {
        auto more = lines;
        more.insert(more.begin() + static_cast<std::ptrdiff_t>(at), line);
        CAPTURE(at, line);
        CHECK_FALSE(records::parse_statement(joined(more)).has_value());
      }
    }
  }
}

TEST_CASE("lines out of their order are refused") {
  const auto lines = lines_of(write_statement(statement(records::Purpose::enrol)));
  for (std::size_t at = 0; at + 1 < lines.size(); ++at) {
    auto swapped = lines;
    std::swap(swapped[at], swapped[at + 1]);
    CAPTURE(at);
    CHECK_FALSE(records::parse_statement(joined(swapped)).has_value());
  }
}

TEST_CASE("a statement has one way of being written") {
  const std::string text = write_statement(statement(records::Purpose::login));
  const auto refused = [&](const std::string& changed) {
    REQUIRE(changed != text);
    CHECK(outcome(records::parse_statement(changed)) == "malformed_statement");
  };
  refused(text.substr(0, text.size() - 1));  // no final line end
  refused(text + "\n");
  refused(text + " ");
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\nserver: ", "\nserver:  "},
           {"\nserver: ", "\nserver:"},
           {"\nserver: ", "\nServer: "},
           {"example.org\n", "example.org \n"},
           {"example.org\n", "example.org\t\n"},
           {"example.org\n", "example.org\r\n"},
           {"example.org\n", "example\xE2\x80\xAE.org\n"},
           {"purpose: login", "purpose: Login"},
           {"purpose: login", "purpose: admin"},
           {"server-key: 102D", "server-key: 102d"},
           {"server-key: 102D", "server-key: 02D"},
           {"account: e754", "account: E754"},
           {"key: 7E83", "key: 7e83"},
           {"challenge: AQIDBA", "challenge: AQIDBA=="},
           {"challenge: AQIDBA", "challenge: AQIDBB"},
           {"challenge: AQIDBA", "challenge: "},
           {"nonce: AAA", "nonce: AA"},
           {"nonce: AAA", "nonce: AAAAAAA"},
           {"12:05:00Z", "12:05:00+00:00"},
           {"12:05:00Z", "12:05:60Z"},
           {"2026-11-21T12:00:00Z", "2026-02-30T12:00:00Z"},
           {"transport: http", "transport: wormhole"},
       }) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    CAPTURE(from, to);
    refused(changed);
  }
}

TEST_CASE("S74 a statement of a version unknown here is refused by name") {
  std::string text = write_statement(statement(records::Purpose::login));
  text.replace(text.find("-v1"), 3, "-v2");
  const auto parsed = records::parse_statement(text);
  CHECK(outcome(parsed) == "unknown_version");
  CHECK(parsed.error().detail == "countersign-statement-v2");
  CHECK(outcome(records::parse_statement("countersign-statement-v1")) == "malformed_statement");
  CHECK(outcome(records::parse_statement("countersign-statement-v1 \n")) == "unknown_version");
  CHECK(outcome(records::parse_statement("tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n")) == "malformed_statement");
  CHECK(outcome(records::parse_statement("")) == "malformed_statement");
}

TEST_CASE("a statement over 8 KiB is refused before it is read") {
  records::Statement long_one = statement(records::Purpose::login);
  long_one.server = std::string(9'000, 'a');
  CHECK(outcome(records::parse_statement(write_statement(long_one))) == "malformed_statement");
}

TEST_CASE("a statement may be of exactly 8 KiB") {
  records::Statement longest = statement(records::Purpose::login);
  longest.server += std::string((8u << 10) - write_statement(longest).size(), 'a');
  CHECK(outcome(records::parse_statement(write_statement(longest))) == "ok");
  longest.server += 'a';
  CHECK(outcome(records::parse_statement(write_statement(longest))) == "malformed_statement");
}
