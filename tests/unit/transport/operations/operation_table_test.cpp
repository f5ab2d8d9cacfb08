#include <catch2/catch.hpp>
#include <set>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;

namespace {

constexpr Carrier kCarriers[] = {Carrier::http, Carrier::courier, Carrier::local};

bool allows(const Operation& row, Carrier carrier) {
  return (row.carriers & static_cast<std::uint8_t>(carrier)) != 0;
}

// A message of that row by that carrier, with a good token where one is asked for.
Message message_for(const Operation& row, Carrier carrier, const Secret& token) {
  Message message = message_of(row.name, carrier);
  if (row.guard == Guard::bearer) message.token = token;
  return message;
}

}  // namespace

TEST_CASE("every row of the table has a handler and every name stands once") {
  House house;
  house.add(alice());
  std::set<std::string_view> names;
  for (const Operation& row : operation_table()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(find_operation(row.name) == &row);
    CHECK(row.carriers != 0);
    const auto session = house.log_in(alice());
    for (const Carrier carrier : kCarriers) {
      if (!allows(row, carrier)) continue;
      CHECK(outcome(house.operations().run(message_for(row, carrier, session.token))) != "unknown_operation");
    }
  }
  CHECK(names.size() >= 26);
}

TEST_CASE("what is not in the table is refused by every carrier") {
  House house;
  for (const char* name : {"", "session", "session.open ", "Session.open", "account.erase", "session.open\n"}) {
    for (const Carrier carrier : kCarriers) {
      CHECK(outcome(house.operations().run(message_of(name, carrier))) == "unknown_operation");
    }
  }
}

TEST_CASE("a carrier brings what its row allows and nothing else") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  for (const Operation& row : operation_table()) {
    for (const Carrier carrier : kCarriers) {
      if (allows(row, carrier)) continue;
      CAPTURE(row.name, static_cast<int>(carrier));
      CHECK(outcome(house.operations().run(message_for(row, carrier, session.token))) == "carrier_not_allowed");
    }
  }
}

TEST_CASE("S69 administration is brought by hand and by nobody else") {
  std::size_t rows = 0;
  for (const Operation& row : operation_table()) {
    if (row.guard != Guard::administrator) continue;
    ++rows;
    CAPTURE(row.name);
    CHECK(row.carriers == static_cast<std::uint8_t>(Carrier::local));
  }
  CHECK(rows >= 10);
  // A token is no administrator's either.
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  for (const char* name : {"account.list", "account.add", "audit.list", "clock.accept", "account.session_end"}) {
    Message message = message_of(name, Carrier::http);
    message.token = session.token;
    CHECK(outcome(house.operations().run(message)) == "carrier_not_allowed");
  }
}

TEST_CASE("what asks for a token is denied without one") {
  House house;
  for (const Operation& row : operation_table()) {
    if (row.guard != Guard::bearer) continue;
    CAPTURE(row.name);
    const auto answer = house.operations().run(message_of(row.name, Carrier::http));
    CHECK(outcome(answer) == "malformed_token");
    CHECK(face_of_outcome(answer) == Face::denied);
  }
}

TEST_CASE("a message larger than its row is refused wherever the bytes stand") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  for (const Operation& row : operation_table()) {
    const std::string much(row.body_bytes_max + 1, 'a');
    for (const Carrier carrier : kCarriers) {
      if (!allows(row, carrier)) continue;
      CAPTURE(row.name);
      Message text = message_for(row, carrier, session.token);
      text.text = much;
      CHECK(outcome(house.operations().run(text)) == "message_too_large");
      Message member = message_for(row, carrier, session.token);
      member.fields.set("a", much);
      CHECK(outcome(house.operations().run(member)) == "message_too_large");
      Message name = message_for(row, carrier, session.token);
      name.fields.set(much, 1);
      CHECK(outcome(house.operations().run(name)) == "message_too_large");
      Message nested = message_for(row, carrier, session.token);
      Json list = Json::array();
      list.push(Json::object().set("signature", much));
      nested.fields.set("response", std::move(list));
      CHECK(outcome(house.operations().run(nested)) == "message_too_large");
    }
  }
}

TEST_CASE("S72 a member that nobody asked for is refused by every operation") {
  House house;
  house.add(alice());
  const auto session = house.log_in(alice());
  for (const Operation& row : operation_table()) {
    if (row.body_bytes_max == 0) continue;  // refused for its size already
    for (const Carrier carrier : kCarriers) {
      if (!allows(row, carrier)) continue;
      Message message = message_for(row, carrier, session.token);
      // Everything that any operation asks for, and one more.
      message.fields.set("unknown", "x");
      CAPTURE(row.name);
      CHECK(outcome(house.operations().run(message)) == "malformed_message");
    }
  }
}

TEST_CASE("S72 a member of the wrong type is refused and never converted") {
  House house;
  const auto refused = [&](const char* operation, Carrier carrier, const Json& fields) {
    Message message = message_of(operation, carrier);
    message.fields = fields;
    CAPTURE(operation, write_json(fields));
    CHECK(outcome(house.operations().run(message)) == "malformed_message");
  };
  for (const Json& value : {Json(1), Json(true), Json::object(), Json::array()}) {
    refused("challenge.issue", Carrier::http, Json::object().set("username", value));
    refused("session.open", Carrier::http, Json::object().set("challenge", value).set("signature", ""));
    refused("session.open", Carrier::http, Json::object().set("response", value));
    refused("account.show", Carrier::local, Json::object().set("username", value));
  }
  refused("audit.list", Carrier::local, Json::object().set("limit", "10"));
  refused("audit.list", Carrier::local, Json::object().set("limit", 0));
  refused("audit.list", Carrier::local, Json::object().set("limit", 10'001));
  refused("account.list", Carrier::local, Json::object().set("limit", -1));
  refused("account.session_end", Carrier::local, Json::object().set("username", "alice").set("all", "true"));
}

TEST_CASE("S72 every message is an object") {
  House house;
  for (const Json& fields : {Json(), Json(1), Json("x"), Json::array()}) {
    Message message = message_of("challenge.issue", Carrier::http);
    message.fields = fields;
    CHECK(face_of_outcome(house.operations().run(message)) == Face::malformed);
  }
}

TEST_CASE("S28 whatever a stranger may bring and names an account answers evenly") {
  std::set<std::string_view> even;
  for (const Operation& row : operation_table()) {
    if (row.answer == Answer::even) even.insert(row.name);
    // A proof or a question comes over the network, and a token's holder knows their account already.
    if (row.answer == Answer::even) CHECK((allows(row, Carrier::http) && row.limit != Limit::none));
  }
  // An enrolment tells whoever proved a key that it has an account.
  const std::set<std::string_view> expected = {"challenge.issue", "key.hand_out",    "session.open",  "key.revoke",
                                               "key.rotate",      "password.change", "attempt.begin", "attempt.answer",
                                               "attempt.show",    "attempt.sign",    "attempt.enter"};
  CHECK(even == expected);
}

TEST_CASE("whatever ends somebody's right is marked as such") {
  std::set<std::string_view> marked;
  for (const Operation& row : operation_table()) {
    if (row.rights == Rights::taken_away) marked.insert(row.name);
  }
  const std::set<std::string_view> expected = {
      "key.revoke",      "key.rotate",       "response.redeem", "session.end",    "session.end_all",
      "session.end_one", "account.revoke",   "account.rotate",  "account.delete", "account.session_end",
      "password.remove", "revocation.apply", "account.set",     "invite.cancel",  "invite.stolen"};
  CHECK(marked == expected);
}
