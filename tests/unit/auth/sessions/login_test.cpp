#include "auth/sessions/login.hpp"

#include <catch2/catch.hpp>

#include "auth/records/session_grant.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::string redeemed(House& house, const proving::Response& response, const Visit& visit) {
  return outcome(house.auth().roles().login.redeem(response, visit));
}

void set_state(House& house, const Person& person, records::AccountState state) {
  records::Accounts accounts(house.medium(), house.seal());
  const auto stored = must(accounts.find(person.account()));
  records::Account changed = stored->account;
  changed.state = state;
  storage::Batch batch;
  accounts.stage_change(batch, *stored, changed);
  must(house.medium().commit(batch));
}

}  // namespace

TEST_CASE("S01 a challenge relayed from one server is worth nothing at another") {
  House honest;
  HouseSettings evil_settings;
  evil_settings.server = "https://evil.example.org";
  House evil(evil_settings, nullptr);
  honest.add(alice());
  evil.add(alice());
  const proving::Response for_evil = evil.answer(alice(), evil.issue(alice()));
  CHECK(redeemed(honest, for_evil, by_http()) == "challenge_invalid");
  // The honest server's challenge, signed as the evil one's statement: what is verified is the server's own text.
  const auto issued = honest.issue(alice());
  std::string text = honest.engine().sealed_in(issued.message).text;
  proving::Response response = honest.answer(alice(), issued);
  text.replace(text.find(honest.settings.server), honest.settings.server.size(), evil.settings.server);
  response.signature = alice().sign(text, honest.clock.now());
  CHECK(redeemed(honest, response, by_http()) == "signature_invalid");
}

TEST_CASE("S01 nothing but the whole statement may be signed") {
  House house;
  house.add(alice());
  const auto issued = house.issue(alice());
  const std::string text = house.engine().sealed_in(issued.message).text;
  const records::Statement statement = must(records::parse_statement(text));
  proving::Response response = house.answer(alice(), issued);
  for (const std::string& other :
       {statement.nonce, to_string(*from_base64url(statement.nonce)), statement.challenge, std::string(),
        text.substr(0, text.size() - 1), text + "\n", text.substr(text.find('\n') + 1), "tree 4b825dc6\n" + text}) {
    response.signature = alice().sign(other, house.clock.now());
    CHECK(redeemed(house, response, by_http()) == "signature_invalid");
  }
  response.signature = alice().sign(text, house.clock.now());
  CHECK(redeemed(house, response, by_http()) == "ok");
}

TEST_CASE("S01 a statement changed in any line is not what is verified") {
  House house;
  house.add(alice());
  const auto issued = house.issue(alice());
  const std::string text = house.engine().sealed_in(issued.message).text;
  proving::Response response = house.answer(alice(), issued);
  for (std::size_t at = 0; at < text.size(); at += 3) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    response.signature = alice().sign(changed, house.clock.now());
    CAPTURE(at);
    CHECK(redeemed(house, response, by_http()) == "signature_invalid");
  }
}

TEST_CASE("S03 a response is judged by the account as it is now and not as it was when asked") {
  for (const records::AccountState state : {records::AccountState::revoked, records::AccountState::deleted}) {
    House house;
    house.add(alice());
    const proving::Response response = house.answer(alice(), house.issue(alice()));
    set_state(house, alice(), state);
    CHECK(redeemed(house, response, by_http()) == "account_not_active");
    CHECK(names_in(house.medium(), "sessions/", 9).empty());
  }
}

TEST_CASE("S41 every open challenge dies with the epoch") {
  House house;
  house.add(alice());
  const proving::Response http = house.answer(alice(), house.issue(alice()));
  const proving::Response courier = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  CHECK(redeemed(house, http, by_http()) == "epoch_passed");
  CHECK(redeemed(house, courier, by_courier()) == "epoch_passed");
  CHECK_NOTHROW(house.log_in(alice()));
}

TEST_CASE("S06 a failed response changes nothing and the right one still opens") {
  House house;
  house.add(alice());
  const auto issued = house.issue(alice());
  const proving::Response right = house.answer(alice(), issued);
  proving::Response wrong = right;
  wrong.signature = bob().sign(house.engine().sealed_in(issued.message).text, house.clock.now());
  const auto before = contents_of(house.medium());
  for (int i = 0; i < 20; ++i) CHECK_FALSE(house.auth().roles().login.redeem(wrong, by_http()).has_value());
  CHECK(contents_of(house.medium()) == before);
  CHECK(redeemed(house, right, by_http()) == "ok");
}

TEST_CASE("S07 a response made before a restart is redeemed after it") {
  House house;
  house.add(alice());
  const proving::Response http = house.answer(alice(), house.issue(alice()));
  const proving::Response courier = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  must(house.restart());
  CHECK(redeemed(house, http, by_http()) == "ok");
  house.clock.pass(std::chrono::days(6));
  must(house.restart());
  CHECK(redeemed(house, courier, by_courier()) == "ok");
  CHECK(redeemed(house, http, by_http()) == "challenge_expired");
}

TEST_CASE("S07 any server that shares secrets and medium takes the response") {
  House house;
  house.add(alice());
  const proving::Response response = house.answer(alice(), house.issue(alice()));
  const auto second = must(house.another(house.medium(), "second"));
  CHECK(outcome(second->roles().login.redeem(response, by_http())) == "ok");
  CHECK(redeemed(house, response, by_http()) == "challenge_consumed");
}

TEST_CASE("S10 a response names its challenge and nothing is matched by account") {
  House house;
  house.add(alice());
  house.add(bob());
  const auto of_alice = house.issue(alice());
  const auto of_bob = house.issue(bob());
  proving::Response swapped = house.answer(alice(), of_alice);
  swapped.challenge = house.answer(bob(), of_bob).challenge;
  CHECK(redeemed(house, swapped, by_http()) == "signature_by_another_key");
  // Bob signs the challenge that was for Alice.
  proving::Response stolen = house.answer(alice(), of_alice);
  stolen.signature = bob().sign(house.engine().sealed_in(of_alice.message).text, house.clock.now());
  CHECK(redeemed(house, stolen, by_http()) == "signature_by_another_key");
}

TEST_CASE("S09 the time of an http signature lies within five minutes of now and both ends are inside") {
  House house;
  house.add(alice());
  const auto at = [&](Seconds offset) {
    const auto issued = house.issue(alice());
    proving::Response response = house.answer(alice(), issued);
    response.signature = alice().sign(house.engine().sealed_in(issued.message).text, house.clock.now() + offset);
    return redeemed(house, response, by_http());
  };
  CHECK(at(Seconds(300)) == "ok");
  CHECK(at(Seconds(-300)) == "ok");
  CHECK(at(Seconds(301)) == "signature_time");
  CHECK(at(Seconds(-301)) == "signature_time");
  CHECK(at(std::chrono::years(10)) == "signature_time");
}

TEST_CASE("S09 a signer at the courier may be 47 hours wrong and not 49") {
  const auto at = [&](Seconds offset, Seconds travel) {
    House house;
    house.add(alice());
    const auto issued = house.issue(alice(), records::Transport::courier);
    proving::Response response = house.answer(alice(), issued);
    response.signature = alice().sign(house.engine().sealed_in(issued.message).text, kNoon + offset);
    house.clock.pass(travel);
    return redeemed(house, response, by_courier());
  };
  using std::chrono::hours;
  CHECK(at(hours(-47), std::chrono::days(6)) == "ok");
  CHECK(at(hours(-49), std::chrono::days(6)) == "signature_time");
  CHECK(at(hours(47), hours(0)) == "ok");
  CHECK(at(hours(49), hours(0)) == "signature_time");
  CHECK(at(hours(49), hours(2)) == "ok");
}

TEST_CASE("a response is redeemed once") {
  House house;
  house.add(alice());
  const proving::Response response = house.answer(alice(), house.issue(alice()));
  CHECK(redeemed(house, response, by_http()) == "ok");
  for (int i = 0; i < 10; ++i) CHECK(redeemed(house, response, by_http()) == "challenge_consumed");
  // Also with a fresh signature over the same challenge.
  const auto issued = house.issue(alice());
  proving::Response again = house.answer(alice(), issued);
  CHECK(redeemed(house, again, by_http()) == "ok");
  house.clock.pass(Seconds(1));
  again.signature = alice().sign(house.engine().sealed_in(issued.message).text, house.clock.now());
  CHECK(redeemed(house, again, by_http()) == "challenge_consumed");
}

TEST_CASE("S65 a courier's response gets the same grant however often it is imported") {
  House house;
  house.add(alice());
  const proving::Response response = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  const auto first = must(house.auth().roles().login.redeem(response, by_courier()));
  REQUIRE_FALSE(first.opened);
  const auto before = contents_of(house.medium());
  for (const Seconds travel : {Seconds(1), Seconds(std::chrono::days(6)), Seconds(std::chrono::days(1))}) {
    house.clock.pass(travel);
    const auto again = must(house.auth().roles().login.redeem(response, by_courier()));
    CHECK(again.grant == first.grant);
    CHECK_FALSE(again.opened);
  }
  CHECK(contents_of(house.medium()) == before);
  CHECK(names_in(house.medium(), "sessions/", 9).size() == 1);
}

TEST_CASE("a courier's challenge that was never redeemed expires") {
  House house;
  house.add(alice());
  const proving::Response response = house.answer(alice(), house.issue(alice(), records::Transport::courier));
  house.clock.pass(std::chrono::days(7));
  CHECK(redeemed(house, response, by_courier()) == "challenge_expired");
}

TEST_CASE("a courier's challenge is never answered with a token in clear by whatever way it comes back") {
  for (const Visit& visit : {by_http(), by_courier(), by_hand()}) {
    House house;
    house.add(alice());
    const auto answer = must(house.auth().roles().login.redeem(
        house.answer(alice(), house.issue(alice(), records::Transport::courier)), visit));
    CHECK_FALSE(answer.opened);
    CHECK(answer.grant.starts_with("-----BEGIN PGP MESSAGE-----\n"));
    CHECK(answer.grant.find("cs_") == std::string::npos);
    const auto sealed = house.engine().sealed_in(answer.grant);
    CHECK(sealed.recipient == alice().fingerprint());
    const records::SessionGrant grant = must(records::parse_session_grant(sealed.text));
    CHECK(grant.server == house.settings.server);
    CHECK(grant.account == alice().account());
    CHECK(grant.use_before == kNoon + std::chrono::days(7));
    CHECK(outcome(house.auth().roles().sessions.admit(grant.token, by_http())) == "ok");
  }
}

TEST_CASE("an http challenge is refused from the courier and by hand") {
  House house;
  house.add(alice());
  const proving::Response response = house.answer(alice(), house.issue(alice()));
  CHECK(redeemed(house, response, by_courier()) == "transport_mismatch");
  CHECK(redeemed(house, response, by_hand()) == "transport_mismatch");
  CHECK(redeemed(house, response, by_http()) == "ok");
}

TEST_CASE("who logs in gets the epoch and the key that were judged") {
  House house;
  house.add(alice());
  must(house.auth().roles().sessions.end_all(alice().account(), by_hand()));
  CHECK(house.log_in(alice()).session.epoch == 1);
}

TEST_CASE("a challenge under a former key of the server is good until it expires") {
  House house;
  house.add(alice());
  records::Challenge challenge = house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
  challenge.server_key = bob().fingerprint();
  const proving::Response response = house.answer_to(alice(), challenge);
  CHECK(redeemed(house, response, by_http()) == "challenge_of_another_server");

  Json record = must(find_record(house.medium(), house.seal(), "server/identity"))->record;
  Json certificates = *record.find("certificates");
  certificates.push(Json::object()
                        .set("fingerprint", bob().fingerprint().upper())
                        .set("certificate", bob().certificate())
                        .set("since", format_time(kNoon - Seconds(9)))
                        .set("until", format_time(kNoon)));
  record.set("certificates", std::move(certificates));
  must(put(house.medium(), "server/identity", as_text(house.seal().close("server/identity", record))));
  must(house.restart());
  CHECK(redeemed(house, response, by_http()) == "ok");
}

TEST_CASE("without entropy nothing is consumed") {
  House house;
  house.add(alice());
  const proving::Response response = house.answer(alice(), house.issue(alice()));
  const auto before = contents_of(house.medium());
  for (const int calls : {0, 1}) {
    house.rng.run_dry_after(calls);
    CHECK(redeemed(house, response, by_http()) == "entropy_unavailable");
    CHECK(contents_of(house.medium()) == before);
  }
  house.rng.refresh();
  CHECK(redeemed(house, response, by_http()) == "ok");
}

TEST_CASE("an engine out of order grants nothing and is no failed proof") {
  House house;
  house.add(alice());
  const proving::Response response = house.answer(alice(), house.issue(alice()));
  const auto before = contents_of(house.medium());
  house.engine().break_down(true);
  const auto answer = house.auth().roles().login.redeem(response, by_http());
  CHECK(outcome(answer) == "openpgp_unavailable");
  CHECK(face_of_outcome(answer) == Face::unavailable);
  house.engine().break_down(false);
  CHECK(contents_of(house.medium()) == before);
  CHECK(redeemed(house, response, by_http()) == "ok");
}
