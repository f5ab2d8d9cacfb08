// The same text by HTTP, from a stick, from a file and from stdin: one splitter reads it, so all four say the same.
#include <catch2/catch.hpp>
#include <functional>
#include <sstream>
#include <vector>

#include "auth/openpgp/gate/clear_signed.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "cli/input.hpp"
#include "storage/base/text.hpp"
#include "tests/support/courier_stick.hpp"
#include "tests/support/house.hpp"
#include "transport/courier/courier_carrier.hpp"
#include "transport/http/message_body.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using transport::Carrier;
using transport::Message;

namespace {

// As `gpg --clearsign` lays it out; the signature is of class 0x00, which a clear-signed one may not be.
std::string response_in(House& house) {
  house.add(alice());
  const records::Challenge challenge =
      house.challenge_for(alice(), records::Purpose::login, records::Transport::courier);
  const proving::Response response = house.answer_to(alice(), challenge);
  return std::string(openpgp::gate::kClearSignedHeader) + "\nHash: SHA512\n\n" +
         house.statement_in(response.challenge) + response.signature;
}

std::string through_http(House& house, const std::string& text) {
  transport::http::Request request;
  request.match = transport::http::find_route("POST", "/v1/session");
  request.content_type = "application/x-www-form-urlencoded";
  request.body = text;
  Message message = message_of("session.open", Carrier::http);
  const auto read = transport::http::read_body(request, message);
  if (!read) return std::string(name_of(read.error().error.code));
  return outcome(house.operations().run(message));
}

std::string through_stick(House& house, const std::string& text) {
  const CourierStick stick;
  stick.put("inbox/a.response.asc", text);
  auto folder = must(transport::courier::CourierFolder::open(stick.text_path()));
  SystemRng rng;
  const auto report = must(transport::courier::CourierCarrier(house.operations(), rng).import_responses(folder, {}));
  return outcome(report.files.at(0).outcome);
}

std::string through_input(House& house, const std::string& path, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out;
  cli::Terminal terminal(in, out, out, {});
  auto text = cli::read_input(path, openpgp::gate::kCertificateReadBytesMax, terminal);
  if (!text) return outcome(text);
  Message message = message_of("response.redeem", Carrier::local);
  message.text = *std::move(text);
  return outcome(house.operations().run(message));
}

std::string through_file(House& house, const std::string& text) {
  const CourierStick folder;
  folder.put("response.asc", text);
  return through_input(house, (folder.path() / "response.asc").string(), "");
}

std::string through_stdin(House& house, const std::string& text) {
  return through_input(house, "-", text);
}

std::string with_line_ends(const std::string& text, const std::string& end) {
  std::string out;
  for (const std::string_view line : split_lines(text)) out += std::string(line) + end;
  return out;
}

std::string in_utf16(const std::string& text) {
  std::string out = "\xFF\xFE";
  for (const char c : text) out += {c, '\0'};
  return out;
}

struct Text {
  const char* name;
  std::function<std::string(const std::string&)> make;
  const char* verdict;
};

// What is read at all gets as far as its signature.
const char* const kRead = "signature_policy";
const char* const kMalformed = "malformed_message";

const std::vector<Text> kTexts = {
    {"as it is", [](const std::string& text) { return text; }, kRead},
    {"CR LF", [](const std::string& text) { return with_line_ends(text, "\r\n"); }, kRead},
    {"blanks at the ends of lines", [](const std::string& text) { return with_line_ends(text, " \t\r\n"); }, kRead},
    {"no last line end", [](const std::string& text) { return text.substr(0, text.size() - 1); }, kRead},
    {"empty lines before it", [](const std::string& text) { return "\r\n\n \t\n" + text; }, kRead},
    {"blanks before it", [](const std::string& text) { return "  " + text; }, kRead},
    {"empty lines behind it", [](const std::string& text) { return text + "\r\n\n \t"; }, kRead},
    {"UTF-8 with a mark", [](const std::string& text) { return "\xEF\xBB\xBF" + text; }, kRead},
    {"UTF-16", [](const std::string& text) { return in_utf16(text); }, kRead},
    {"UTF-16 and CR LF", [](const std::string& text) { return in_utf16(with_line_ends(text, "\r\n")); }, kRead},
    {"text before it", [](const std::string& text) { return "Dear all,\n" + text; }, kMalformed},
    {"text behind it", [](const std::string& text) { return text + "-- \nalice\n"; }, kMalformed},
    {"a block of another kind behind it",
     [](const std::string& text) { return text + "-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n"; },
     kMalformed},
    {"another end",
     [](const std::string& text) { return text.substr(0, text.rfind("-----END")) + "-----END PGP MESSAGE-----\n"; },
     kMalformed},
};

}  // namespace

TEST_CASE("a text gets the same verdict by HTTP and from a stick and from a file and from stdin") {
  for (const Text& text : kTexts) {
    for (const auto& [door, take] : {std::pair("http", &through_http), std::pair("stick", &through_stick),
                                     std::pair("file", &through_file), std::pair("stdin", &through_stdin)}) {
      CAPTURE(text.name, door);
      House house;
      CHECK(take(house, text.make(response_in(house))) == text.verdict);
    }
  }
}

TEST_CASE("a certificate with text before it is refused by that name at each door") {
  const std::string text = "Dear all,\n" + alice().certificate();
  House house;
  Message message = message_of("account.hold", Carrier::courier);
  message.text = text;
  CHECK(outcome(house.operations().run(message)) == "armor_invalid");
  message = message_of("account.add", Carrier::local);
  message.fields = Json::object().set("username", "alice").set("public_key", text);
  CHECK(outcome(house.operations().run(message)) == "armor_invalid");
}
