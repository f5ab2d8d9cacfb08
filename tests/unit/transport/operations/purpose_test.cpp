// Every purpose against every operation, and every transport against every carrier: only the right pairs pass.
#include <catch2/catch.hpp>

#include "auth/openpgp/gate/clear_signed.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using transport::Carrier;
using transport::Message;

namespace {

constexpr Purpose kPurposes[] = {Purpose::login, Purpose::enrol, Purpose::rotate, Purpose::revoke, Purpose::password};
constexpr Transport kTransports[] = {Transport::http, Transport::courier};
constexpr Carrier kCarriers[] = {Carrier::http, Carrier::courier, Carrier::local};

HouseSettings open_to_all() {
  HouseSettings settings;
  settings.policies.registration_open = true;
  return settings;
}

// As `gpg --clearsign` lays it out; the signature is of class 0x00, which a clear-signed one may not be.
std::string clear_text(House& house, const Response& response) {
  const OpenedChallenge opened = must(open_challenge(response.challenge, house.secrets()));
  return std::string(openpgp::kClearSignedHeader) + "\nHash: SHA512\n\n" +
         write_statement(statement_of(opened, house.settings.server)) + response.signature;
}

std::string ran(Purpose purpose, Transport transport, const std::string& operation, Carrier carrier) {
  House house(open_to_all(), nullptr);
  if (purpose != Purpose::enrol) house.add(alice());
  const Response response = house.answer_to(alice(), house.challenge_for(alice(), purpose, transport));
  Message message = message_of(operation, carrier);
  if (operation == "session.open") {
    message.fields = fields_of(response);
  } else if (operation == "account.enrol") {
    message.fields = Json::object().set("response", fields_of(response)).set("public_key", alice().certificate());
  } else {
    message.text = clear_text(house, response) + alice().certificate();
  }
  return outcome(house.operations().run(message));
}

std::string expected(Purpose purpose, Transport transport, const std::string& operation, Carrier carrier) {
  const transport::Operation& row = *transport::find_operation(operation);
  if ((row.carriers & static_cast<std::uint8_t>(carrier)) == 0) return "carrier_not_allowed";
  const Purpose right = operation == "session.open" ? Purpose::login : Purpose::enrol;
  if (purpose != right) return "challenge_of_another_purpose";
  if (transport == Transport::http && carrier != Carrier::http) return "transport_mismatch";
  // As far as a signature of the wrong class gets: everything before it was right.
  return operation == "account.hold" ? "signature_policy" : "ok";
}

}  // namespace

TEST_CASE("every purpose against every operation and every transport against every carrier") {
  int passed = 0;
  int refused = 0;
  for (const char* operation : {"session.open", "account.enrol", "account.hold"}) {
    for (const Purpose purpose : kPurposes) {
      for (const Transport transport : kTransports) {
        for (const Carrier carrier : kCarriers) {
          CAPTURE(operation, name_of(purpose), name_of(transport), static_cast<int>(carrier));
          const std::string code = ran(purpose, transport, operation, carrier);
          CHECK(code == expected(purpose, transport, operation, carrier));
          ++(code == "ok" ? passed : refused);
        }
      }
    }
  }
  // login: http by http, courier by each of the three; enrol: http by http, courier by http and by hand.
  CHECK(passed == 7);
  CHECK(refused == 83);
}

TEST_CASE("an operation that redeems nothing takes no response") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  for (const transport::Operation& row : transport::operation_table()) {
    if (row.name == "session.open" || row.name == "account.enrol" || row.name == "account.hold") continue;
    for (const Carrier carrier : kCarriers) {
      if ((row.carriers & static_cast<std::uint8_t>(carrier)) == 0) continue;
      Message message = message_of(row.name, carrier);
      if (row.guard == transport::Guard::bearer) message.token = session.token;
      message.fields =
          fields_of(house.answer_to(alice(), house.challenge_for(alice(), Purpose::login, Transport::http)));
      CAPTURE(row.name);
      const auto answer = house.operations().run(message);
      REQUIRE_FALSE(answer.has_value());
      CHECK(face_of_outcome(answer) == Face::malformed);
    }
  }
}
