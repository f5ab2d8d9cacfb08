// One face for every failed proof.
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;
using transport::Carrier;

namespace {

struct Attempt {
  std::string what;
  std::string code;  // the name that the failure has inside
  std::function<proving::Response(House&)> response;
  Carrier carrier = Carrier::http;
};

void change_account(House& house, const std::function<void(records::Account&)>& change) {
  records::Accounts accounts(house.medium(), house.seal());
  const auto stored = must(accounts.find(alice().account()));
  records::Account changed = stored->account;
  change(changed);
  storage::Batch batch;
  accounts.stage_change(batch, *stored, changed);
  must(house.medium().commit(batch));
}

proving::Response good(House& house) {
  return house.answer(alice(), house.issue(alice()));
}

// A login challenge of this server, changed before it was sealed.
Attempt sealed(std::string what, std::string code, const std::function<void(House&, records::Challenge&)>& change) {
  return {std::move(what), std::move(code), [change](House& house) {
            records::Challenge challenge =
                house.challenge_for(alice(), records::Purpose::login, records::Transport::http);
            change(house, challenge);
            return house.answer_to(alice(), challenge);
          }};
}

Attempt changed(std::string what, std::string code, const std::function<void(House&, proving::Response&)>& change) {
  return {std::move(what), std::move(code), [change](House& house) {
            proving::Response response = good(house);
            change(house, response);
            return response;
          }};
}

// The right response, but the world has changed before it comes.
Attempt meanwhile(std::string what, std::string code, const std::function<void(House&)>& change) {
  return {std::move(what), std::move(code), [change](House& house) {
            proving::Response response = good(house);
            change(house);
            return response;
          }};
}

std::vector<Attempt> attempts() {
  std::vector<Attempt> all;
  for (const char* text : {"", "AAAA", "not base64!", "....."}) {
    all.push_back(changed("challenge '" + std::string(text) + "'", "challenge_invalid",
                          [text](House&, proving::Response& response) { response.challenge = text; }));
  }
  all.push_back(changed(
      "a challenge with a flipped byte", "challenge_invalid",
      [](House&, proving::Response& response) { response.challenge[30] = response.challenge[30] == 'A' ? 'B' : 'A'; }));
  all.push_back({"a challenge of another store", "challenge_invalid", [](House&) {
                   House other;
                   other.add(alice());
                   return good(other);
                 }});
  all.push_back(sealed("a challenge of another context", "challenge_of_another_server",
                       [](House&, records::Challenge& challenge) { challenge.context[0] ^= 1; }));
  all.push_back(sealed("a challenge of a server key unknown here", "challenge_of_another_server",
                       [](House&, records::Challenge& challenge) { challenge.server_key = bob().fingerprint(); }));
  all.push_back(sealed("an expired challenge", "challenge_expired",
                       [](House& house, records::Challenge& challenge) { challenge.expires_at = house.clock.now(); }));
  all.push_back(
      sealed("a challenge from the future", "challenge_not_yet_valid", [](House&, records::Challenge& challenge) {
        challenge.issued_at += Seconds(61);
        challenge.expires_at += Seconds(61);
      }));
  for (const records::Purpose purpose :
       {records::Purpose::enrol, records::Purpose::rotate, records::Purpose::revoke, records::Purpose::password}) {
    all.push_back(sealed("a challenge to " + std::string(name_of(purpose)), "challenge_of_another_purpose",
                         [purpose](House&, records::Challenge& challenge) { challenge.purpose = purpose; }));
  }
  all.push_back({"an http challenge by courier", "transport_mismatch", good, Carrier::courier});
  all.push_back(sealed("an account that is not there", "account_unknown",
                       [](House&, records::Challenge& challenge) { challenge.account = std::string(64, '0'); }));
  all.push_back(
      sealed("another epoch", "epoch_passed", [](House&, records::Challenge& challenge) { challenge.epoch = 1; }));
  all.push_back(sealed("a key that is not the account's", "epoch_passed",
                       [](House&, records::Challenge& challenge) { challenge.key = bob().fingerprint(); }));
  all.push_back(meanwhile("a revoked account", "account_not_active", [](House& house) {
    change_account(house, [](records::Account& account) { account.state = records::AccountState::revoked; });
  }));
  all.push_back(meanwhile("a deleted account", "account_not_active", [](House& house) {
    change_account(house, [](records::Account& account) { account.state = records::AccountState::deleted; });
  }));
  all.push_back(meanwhile("an epoch that moved on", "epoch_passed", [](House& house) {
    change_account(house, [](records::Account& account) { ++account.epoch; });
  }));
  all.push_back(meanwhile("a challenge whose time has run out", "challenge_expired",
                          [](House& house) { house.clock.pass(std::chrono::minutes(5)); }));
  all.push_back(meanwhile("an account record that does not hold", "record_unreadable", [](House& house) {
    must(put(house.medium(), records::account_name(alice().account()), "{}"));
  }));
  all.push_back(meanwhile("another account's record", "record_tampered", [](House& house) {
    house.add(bob());
    must(put(house.medium(), records::account_name(alice().account()),
             text_of(house.medium(), records::account_name(bob().account()))));
  }));
  all.push_back(meanwhile("another certificate", "record_tampered", [](House& house) {
    must(put(house.medium(), part_name(alice().account(), records::AccountPart::certificate), bob().certificate()));
  }));
  all.push_back(meanwhile("a missing certificate", "record_tampered", [](House& house) {
    must(erase(house.medium(), part_name(alice().account(), records::AccountPart::certificate)));
  }));
  all.push_back({"a used challenge", "challenge_consumed", [](House& house) {
                   const proving::Response response = good(house);
                   must(house.auth().roles().login.redeem(response, by_http()));
                   return response;
                 }});
  all.push_back({"a used challenge whose marker does not hold", "record_unreadable", [](House& house) {
                   const proving::Response response = good(house);
                   must(house.auth().roles().login.redeem(response, by_http()));
                   must(put(house.medium(), names_in(house.medium(), "consumed/", 9).front(), "torn"));
                   return response;
                 }});
  for (const std::string& signature : {std::string(), std::string("no signature"), alice().certificate()}) {
    all.push_back(changed("something else for a signature", "signature_invalid",
                          [signature](House&, proving::Response& response) { response.signature = signature; }));
  }
  all.push_back(changed("a signature twice", "signature_invalid",
                        [](House&, proving::Response& response) { response.signature += response.signature; }));
  all.push_back(changed(
      "somebody else's signature", "signature_by_another_key",
      [](House& house, proving::Response& response) { response.signature = bob().sign("x", house.clock.now()); }));
  all.push_back(changed(
      "a signature over another text", "signature_invalid",
      [](House& house, proving::Response& response) { response.signature = alice().sign("x", house.clock.now()); }));
  all.push_back(changed("a signature of another form", "signature_policy", [](House&, proving::Response& response) {
    response.form = openpgp::SignatureForm::clear_signed;
  }));
  for (const Seconds offset : {Seconds(-301), Seconds(301)}) {
    all.push_back({"a signature at the wrong time", "signature_time", [offset](House& house) {
                     const auto issued = house.issue(alice());
                     proving::Response response = house.answer(alice(), issued);
                     response.signature =
                         alice().sign(house.engine().sealed_in(issued.message).text, house.clock.now() + offset);
                     return response;
                   }});
  }
  return all;
}

}  // namespace

TEST_CASE("S11 every failed proof has a name inside and the one face denied outside") {
  std::set<std::string> codes;
  for (const Attempt& attempt : attempts()) {
    House house;
    house.add(alice());
    const proving::Response response = attempt.response(house);
    const auto before = contents_of(house.medium());
    const Visit visit = attempt.carrier == Carrier::http ? by_http() : by_courier();
    const auto answer = house.auth().roles().login.redeem(response, visit);
    CAPTURE(attempt.what);
    CHECK(outcome(answer) == attempt.code);
    REQUIRE_FALSE(answer.has_value());
    CHECK(face_of_outcome(answer) == Face::denied);
    CHECK(contents_of(house.medium()) == before);  // S06
    codes.insert(outcome(answer));

    if (response.form != openpgp::SignatureForm::detached) continue;
    auto message = message_of("session.open", attempt.carrier);
    message.fields = fields_of(response);
    const auto through = house.operations().run(message);
    REQUIRE_FALSE(through.has_value());
    CHECK(face_of_outcome(through) == Face::denied);
  }
  CHECK(codes.size() >= 15);
}

TEST_CASE("S11 every failed token has the one face denied outside") {
  House house;
  house.add(alice());
  std::map<std::string, Secret> tokens;
  const auto text = [](std::string value) { return Secret::take(value); };
  tokens.emplace("malformed_token", text("cs_short"));
  tokens.emplace("session_unknown", text("cs_" + std::string(42, 'A') + "E"));
  const auto replaced = house.log_in(alice());
  must(house.auth().roles().sessions.refresh(replaced.token, by_http()));
  tokens.emplace("session_replaced", replaced.token);
  const auto expired = house.log_in(alice());
  tokens.emplace("session_expired", expired.token);
  house.clock.pass(std::chrono::hours(13));
  house.add(bob());
  const auto passed = house.log_in(bob());
  tokens.emplace("epoch_passed", passed.token);
  must(house.auth().roles().sessions.end_all(bob().account(), by_hand()));
  for (const auto& [code, token] : tokens) {
    CAPTURE(code);
    for (const transport::Operation& row : transport::operation_table()) {
      if (row.guard != transport::Guard::bearer) continue;
      // This one ends the session, and the token means nothing from then on.
      if (row.name == "session.refresh" && code == "session_replaced") continue;
      auto message = message_of(row.name, Carrier::http);
      message.token = token;
      if (row.name == "session.end_one") message.fields.set("session", std::string(32, '0'));
      const auto answer = house.operations().run(message);
      CAPTURE(row.name);
      CHECK(outcome(answer) == code);
      CHECK(face_of_outcome(answer) == Face::denied);
    }
  }
  CHECK(tokens.size() == 5);
}
