// What an administrator is shown of accounts, sessions and decisions.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using transport::Carrier;
using transport::Message;

namespace {

Result<Json> try_asking(House& house, std::string_view operation, Json fields) {
  Message message = message_of(operation, Carrier::local);
  message.fields = std::move(fields);
  return house.operations().run(message);
}

Json ask(House& house, std::string_view operation, Json fields = Json::object()) {
  return must(try_asking(house, operation, std::move(fields)));
}

// One member of each object of a list.
std::vector<std::string> column(const Json& answer, std::string_view list, std::string_view name) {
  std::vector<std::string> texts;
  for (const Json& one : *answer.find(list)->items()) texts.push_back(*one.find(name)->string());
  return texts;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("accounts are listed by name, and deleted ones only where all are asked for") {
  House house;
  for (const Person* person : {&carol(), &bob(), &alice()}) house.add(*person);
  CHECK(column(ask(house, "account.list"), "accounts", "username") == Names{"alice", "bob", "carol"});
  must(house.auth().roles().deletion.by_administrator(bob().account(), by_hand()));
  CHECK(column(ask(house, "account.list"), "accounts", "username") == Names{"alice", "carol"});
  const Json all = ask(house, "account.list", Json::object().set("all", true));
  CHECK(column(all, "accounts", "username") == Names{"alice", "carol", ""});
  CHECK(column(all, "accounts", "state") == Names{"active", "active", "deleted"});
}

TEST_CASE("pages of accounts go by id, skip deleted ones and lose nobody") {
  House house;
  for (const Person* person : {&carol(), &bob(), &alice()}) house.add(*person);
  std::vector<std::string> ids{alice().account(), bob().account(), carol().account()};
  std::sort(ids.begin(), ids.end());
  const Json first = ask(house, "account.list", Json::object().set("limit", 1));
  CHECK(column(first, "accounts", "account") == Names{ids[0]});
  CHECK(*first.find("next")->string() == ids[0]);
  const Json second = ask(house, "account.list", Json::object().set("limit", 1).set("after", ids[0].substr(0, 8)));
  CHECK(column(second, "accounts", "account") == Names{ids[1]});
  const Json last = ask(house, "account.list", Json::object().set("limit", 1).set("after", ids[1]));
  CHECK(column(last, "accounts", "account") == Names{ids[2]});
  CHECK(last.find("next") == nullptr);
  must(house.auth().roles().deletion.by_administrator(ids[1], by_hand()));
  const Json skipped = ask(house, "account.list", Json::object().set("limit", 1).set("after", ids[0]));
  CHECK(column(skipped, "accounts", "account") == Names{ids[2]});
  must(house.auth().roles().deletion.by_administrator(ids[2], by_hand()));
  CHECK(ask(house, "account.list", Json::object().set("limit", 1)).find("next") == nullptr);
}

TEST_CASE("an account that a person means is found, and who is meant by nothing is nobody") {
  House house;
  house.add(alice());
  const auto find = [&](const std::string& user) {
    return ask(house, "account.find", Json::object().set("user", user));
  };
  for (const std::string& user : {std::string("alice"), alice().account().substr(0, 8)}) {
    CHECK(*find(user).find("account")->string() == alice().account());
  }
  CHECK(find("00000000") == Json::object());
}

TEST_CASE("sessions of all accounts are listed page by page, each with its username") {
  House house;
  house.add(alice());
  house.add(bob());
  CHECK(ask(house, "account.sessions") == Json::object().set("sessions", Json::array()));
  std::set<std::string> opened;
  for (const Person* person : {&alice(), &bob(), &alice()}) opened.insert(house.log_in(*person).session.id);
  const Json all = ask(house, "account.sessions");
  const auto ids = column(all, "sessions", "session");
  CHECK(std::set<std::string>(ids.begin(), ids.end()) == opened);
  CHECK(all.find("next") == nullptr);
  auto usernames = column(all, "sessions", "username");
  std::sort(usernames.begin(), usernames.end());
  CHECK(usernames == Names{"alice", "alice", "bob"});
  Names paged;
  std::string after;
  for (int page = 0; page < 3; ++page) {
    const Json one = ask(house, "account.sessions", Json::object().set("limit", 1).set("after", after));
    for (const std::string& id : column(one, "sessions", "session")) paged.push_back(id);
    const Json* next = one.find("next");
    CHECK((next == nullptr) == (page == 2));
    if (next != nullptr) after = *next->string();
  }
  CHECK(paged == ids);
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  CHECK(column(ask(house, "account.sessions"), "sessions", "username") == Names{"bob"});
  for (const char* nowhere : {"x", "alice/1", "/"}) {
    CHECK(outcome(try_asking(house, "account.sessions", Json::object().set("after", nowhere))) == "malformed_message");
  }
}

TEST_CASE("a session that is damaged is named, and hides none of the others") {
  House house;
  house.add(alice());
  house.add(bob());
  std::set<std::string> opened;
  for (const Person* person : {&alice(), &bob(), &alice()}) opened.insert(house.log_in(*person).session.id);
  const std::string damaged = house.log_in(alice()).session.id;
  must(put(house.medium(), records::pointer_name(alice().account(), damaged), "{}"));
  const Json all = ask(house, "account.sessions");
  const auto ids = column(all, "sessions", "session");
  CHECK(std::set<std::string>(ids.begin(), ids.end()) == opened);
  CHECK(column(all, "damaged", "session") == Names{damaged});
  CHECK(column(all, "damaged", "account") == Names{alice().account()});
  CHECK(column(all, "damaged", "error") == Names{"record_unreadable"});
  std::set<std::string> paged;
  std::string after;
  for (int page = 0; page < 4; ++page) {
    const Json one = ask(house, "account.sessions", Json::object().set("limit", 1).set("after", after));
    for (const std::string& id : column(one, "sessions", "session")) paged.insert(id);
    if (one.find("damaged") != nullptr) paged.insert(damaged);
    const Json* next = one.find("next");
    CHECK((next == nullptr) == (page == 3));
    if (next != nullptr) after = *next->string();
  }
  opened.insert(damaged);
  CHECK(paged == opened);
}

TEST_CASE("the sessions of a damaged account are named and not passed over") {
  House house;
  house.add(alice());
  house.add(bob());
  const std::string hidden = house.log_in(alice()).session.id;
  const std::string open = house.log_in(bob()).session.id;
  must(put(house.medium(), records::account_name(alice().account()), "{}"));
  const Json all = ask(house, "account.sessions");
  CHECK(column(all, "sessions", "session") == Names{open});
  CHECK(column(all, "damaged", "session") == Names{hidden});
}

TEST_CASE("who has more sessions than are listed is told so, and sees their own among them") {
  House house;
  house.add(alice());
  const auto& context = house.auth().roles().context;
  auto& sessions = house.auth().roles().sessions;
  const auto account = must(context.accounts.find(alice().account()))->account;
  const auto open = [&](int count) {
    storage::Batch batch;
    for (int i = 0; i < count; ++i) {
      const auto made = must(sessions.make(account, context.timekeeper.now()));
      must(sessions.stage_open(batch, made.session, made.token));
    }
    must(house.medium().commit(batch));
  };
  open(999);
  Message message = message_of("session.list", Carrier::http);
  message.token = Secret(as_bytes(house.log_in(alice()).token.reveal_text()));
  const auto listed = [&] { return must(house.operations().run(message)); };
  const Json all = listed();
  CHECK(all.find("sessions")->items()->size() == 1000);
  CHECK(all.find("more") == nullptr);
  open(1);
  const Json some = listed();
  CHECK(some.find("sessions")->items()->size() == 1000);
  CHECK(*some.find("more")->boolean());
  std::size_t current = 0;
  for (const Json& one : *some.find("sessions")->items()) current += *one.find("current")->boolean() ? 1 : 0;
  CHECK(current == 1);
}

TEST_CASE("a session is shown and ended by the first digits of its id") {
  House house;
  house.add(alice());
  const std::string id = house.log_in(alice()).session.id;
  const auto named = [&] { return Json::object().set("username", "alice").set("session", id.substr(0, 8)); };
  CHECK(*ask(house, "account.session", named()).find("session")->string() == id);
  ask(house, "account.session_end", named());
  CHECK(outcome(try_asking(house, "account.session", named())) == "not_found");
}

TEST_CASE("decisions are listed with the usernames of their accounts, and by account, decision and time") {
  House house;
  house.add(alice());
  house.add(bob());
  house.clock.pass(Seconds(10));
  house.log_in(alice());
  const auto list = [&](Json fields) { return ask(house, "audit.list", std::move(fields)); };
  CHECK(column(list(Json::object()), "records", "username") == Names{"", "alice", "bob", "alice"});
  CHECK(column(list(Json::object().set("username", "bob")), "records", "decision") == Names{"account_added"});
  CHECK(column(list(Json::object().set("decision", "account_added")), "records", "username") == Names{"alice", "bob"});
  const std::string later = format_time(kNoon + Seconds(10));
  CHECK(column(list(Json::object().set("since", later)), "records", "decision") == Names{"login_accepted"});
  CHECK(outcome(try_asking(house, "audit.list", Json::object().set("username", "nobody"))) == "not_found");
  // What is gone has a record and no name.
  must(house.auth().roles().deletion.by_administrator(bob().account(), by_hand()));
  CHECK(column(list(Json::object().set("username", "bob")), "records", "username") == Names{"", ""});
}

TEST_CASE("whoever has what was decided so far is given what came since, and nothing twice") {
  House house;
  house.add(alice());
  const Json before = ask(house, "audit.list", Json::object().set("after", Json::object()));
  CHECK(before.find("records")->items()->size() == 2);
  const auto since = [&] { return ask(house, "audit.list", Json::object().set("after", *before.find("after"))); };
  CHECK(since().find("records")->items()->empty());
  house.log_in(alice());
  CHECK(column(since(), "records", "decision") == Names{"login_accepted"});
  for (const Json& after : {Json("server"), Json(1), Json(Json::object().set("server", "1"))}) {
    CHECK(outcome(try_asking(house, "audit.list", Json::object().set("after", after))) == "malformed_message");
  }
}
