// Every purpose against every operation, and every transport against every carrier: only the right pairs pass.
#include <catch2/catch.hpp>
#include <map>

#include "auth/openpgp/gate/clear_signed.hpp"
#include "tests/support/house_keys.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using transport::Carrier;
using transport::Message;

namespace {

constexpr records::Purpose kPurposes[] = {records::Purpose::login, records::Purpose::enrol, records::Purpose::rotate,
                                          records::Purpose::revoke, records::Purpose::password};
const std::map<std::string, records::Purpose> kRightPurpose = {
    {"session.open", records::Purpose::login},  {"attempt.sign", records::Purpose::login},
    {"account.enrol", records::Purpose::enrol}, {"account.hold", records::Purpose::enrol},
    {"key.rotate", records::Purpose::rotate},   {"key.revoke", records::Purpose::revoke}};
constexpr records::Transport kTransports[] = {records::Transport::http, records::Transport::courier,
                                              records::Transport::browser};
constexpr Carrier kCarriers[] = {Carrier::http, Carrier::courier, Carrier::local};

HouseSettings open_to_all() {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  return settings;
}

// As `gpg --clearsign` lays it out; the signature is of class 0x00, which a clear-signed one may not be.
std::string clear_text(House& house, const proving::Response& response) {
  const records::OpenedChallenge opened = must(records::open_challenge(response.challenge, house.secrets()));
  return std::string(openpgp::gate::kClearSignedHeader) + "\nHash: SHA512\n\n" +
         write_statement(statement_of(opened, house.settings.server)) + response.signature;
}

std::string ran(records::Purpose purpose, records::Transport transport, const std::string& operation, Carrier carrier) {
  House house(open_to_all(), nullptr);
  if (purpose != records::Purpose::enrol) house.add(alice());
  records::Challenge challenge = house.challenge_for(alice(), purpose, transport);
  if (purpose == records::Purpose::rotate) challenge.extra = next_key().fingerprint().upper();
  const proving::Response response = house.answer_to(alice(), challenge);
  Message message = message_of(operation, carrier);
  if (operation == "session.open" || operation == "attempt.sign" || operation == "key.revoke") {
    message.fields = fields_of(response);
  } else if (operation == "key.rotate") {
    message.fields = Json::object()
                         .set("response", fields_of(response))
                         .set("new_response", fields_of(house.answer_to(next_key(), challenge)))
                         .set("public_key", next_key().certificate());
  } else if (operation == "account.enrol") {
    message.fields = Json::object().set("response", fields_of(response)).set("public_key", alice().certificate());
  } else {
    message.text = clear_text(house, response) + alice().certificate();
  }
  return outcome(house.operations().run(message));
}

std::string expected(records::Purpose purpose, records::Transport transport, const std::string& operation,
                     Carrier carrier) {
  const transport::Operation& row = *transport::find_operation(operation);
  if ((row.carriers & static_cast<std::uint8_t>(carrier)) == 0) return "carrier_not_allowed";
  if (purpose != kRightPurpose.at(operation)) return "challenge_of_another_purpose";
  // What is signed for a browser opens nothing but a code, and a code is for nothing else.
  if ((transport == records::Transport::browser) != (operation == "attempt.sign")) return "transport_mismatch";
  if (transport == records::Transport::http && carrier != Carrier::http) return "transport_mismatch";
  // As far as a signature of the wrong class gets: everything before it was right.
  return operation == "account.hold" ? "signature_policy" : "ok";
}

}  // namespace

TEST_CASE("every purpose against every operation and every transport against every carrier") {
  int passed = 0;
  int refused = 0;
  for (const auto& [operation, right] : kRightPurpose) {
    for (const records::Purpose purpose : kPurposes) {
      for (const records::Transport transport : kTransports) {
        for (const Carrier carrier : kCarriers) {
          CAPTURE(operation, name_of(purpose), name_of(transport), static_cast<int>(carrier));
          const std::string code = ran(purpose, transport, operation, carrier);
          CHECK(code == expected(purpose, transport, operation, carrier));
          ++(code == "ok" ? passed : refused);
        }
      }
    }
  }
  // login, rotate and revoke: http by http, courier by each of the three; enrol: http by http, courier by http and by
  // hand; and a browser's login for a code.
  CHECK(passed == 16);
  CHECK(refused == 254);
}

TEST_CASE("a response of any purpose finds its operation by the sealed challenge") {
  for (const Carrier carrier : {Carrier::courier, Carrier::local}) {
    for (const records::Purpose purpose : kPurposes) {
      House house;
      if (purpose != records::Purpose::enrol) house.add(alice());
      records::Challenge challenge = house.challenge_for(alice(), purpose, records::Transport::courier);
      if (purpose == records::Purpose::rotate) challenge.extra = next_key().fingerprint().upper();
      Message message = message_of("response.redeem", carrier);
      message.fields = Json::object().set("response", fields_of(house.answer_to(alice(), challenge)));
      if (purpose == records::Purpose::enrol) message.fields.set("public_key", alice().certificate());
      if (purpose == records::Purpose::rotate) {
        message.fields.set("new_response", fields_of(house.answer_to(next_key(), challenge)));
        message.fields.set("public_key", next_key().certificate());
      }
      CAPTURE(name_of(purpose), static_cast<int>(carrier));
      const auto answer = house.operations().run(message);
      if (purpose == records::Purpose::password) {
        CHECK(outcome(answer) == "challenge_of_another_purpose");
      } else {
        CHECK(outcome(answer) == "ok");
      }
    }
  }
  House house;
  Message message = message_of("response.redeem", Carrier::courier);
  message.fields = Json::object().set("challenge", "AAAA").set("signature", "");
  CHECK(outcome(house.operations().run(message)) == "challenge_invalid");
}

TEST_CASE("an operation that redeems nothing takes no response") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  for (const transport::Operation& row : transport::operation_table()) {
    if (kRightPurpose.contains(std::string(row.name)) || row.name == "response.redeem") continue;
    for (const Carrier carrier : kCarriers) {
      if ((row.carriers & static_cast<std::uint8_t>(carrier)) == 0) continue;
      Message message = message_of(row.name, carrier);
      if (row.guard == transport::Guard::bearer) message.token = session.token;
      message.fields = fields_of(
          house.answer_to(alice(), house.challenge_for(alice(), records::Purpose::login, records::Transport::http)));
      CAPTURE(row.name);
      const auto answer = house.operations().run(message);
      REQUIRE_FALSE(answer.has_value());
      CHECK(face_of_outcome(answer) == Face::malformed);
    }
  }
}
