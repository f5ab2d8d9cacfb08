#include "auth/proving/issuing.hpp"

#include <catch2/catch.hpp>

#include "auth/openpgp/gate/armor.hpp"
#include "storage/base/text.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

std::string issued(House& house, const proving::ChallengeRequest& request, const Visit& visit) {
  return outcome(house.auth().roles().issuing.issue(request, visit));
}

proving::ChallengeRequest asking(records::Purpose purpose) {
  proving::ChallengeRequest request;
  request.name.username = "alice";
  request.purpose = purpose;
  request.public_key = alice().certificate();
  request.new_public_key = bob().certificate();
  request.reason = "key_retired";
  return request;
}

// The secret part of a value as it may hide in text: raw, in hex, in base64 at each of the three alignments.
std::vector<std::string> disguises_of(ByteView secret) {
  std::vector<std::string> out = {to_string(secret), hex(secret), hex_upper(secret)};
  for (std::size_t skipped = 0; skipped < 3; ++skipped) {
    const ByteView rest = secret.subspan(skipped);
    const ByteView whole = rest.first(rest.size() / 3 * 3);
    out.push_back(base64(whole));
    out.push_back(base64url(whole));
  }
  return out;
}

}  // namespace

TEST_CASE("a challenge says who is asked for what until when") {
  House house;
  house.add(alice());
  const auto http = house.issue(alice());
  const records::Statement statement = must(records::parse_statement(house.engine().sealed_in(http.message).text));
  CHECK(statement.purpose == records::Purpose::login);
  CHECK(statement.server == house.settings.server);
  CHECK(statement.server_key == house.auth().roles().identity.fingerprint());
  CHECK(statement.account == alice().account());
  CHECK(statement.key == alice().fingerprint());
  CHECK(statement.issued_at == kNoon);
  CHECK(statement.expires_at == kNoon + std::chrono::minutes(5));
  CHECK(statement.transport == records::Transport::http);
  CHECK(http.term.expires_at == statement.expires_at);
}

TEST_CASE("S07 lifetimes differ by carrier") {
  House house;
  house.add(alice());
  CHECK(house.issue(alice()).term.expires_at == kNoon + std::chrono::minutes(5));
  CHECK(house.issue(alice(), records::Transport::courier).term.expires_at == kNoon + std::chrono::days(7));
}

TEST_CASE("every purpose puts its own line into the statement") {
  HouseSettings open;
  open.policies.registration = auth::Registration::open;
  House house(open, nullptr);
  house.add(alice());
  const auto extra = [&](records::Purpose purpose) {
    const auto issued = must(house.auth().roles().issuing.issue(asking(purpose), by_http()));
    return must(records::parse_statement(house.engine().sealed_in(issued.message).text)).extra;
  };
  CHECK(extra(records::Purpose::login).empty());
  CHECK(extra(records::Purpose::password).empty());
  CHECK(extra(records::Purpose::enrol) == "alice");
  CHECK(extra(records::Purpose::rotate) == bob().fingerprint().upper());
  CHECK(extra(records::Purpose::revoke) == "key_retired");
}

TEST_CASE("what a purpose needs and does not get is malformed") {
  House house;
  proving::ChallengeRequest request = asking(records::Purpose::rotate);
  request.new_public_key = "";
  CHECK(face_of_outcome(house.auth().roles().issuing.issue(request, by_http())) == Face::malformed);
  request = asking(records::Purpose::revoke);
  for (const char* reason : {"", "because", "key_retired\nkey: x", "KEY_RETIRED"}) {
    request.reason = reason;
    CHECK(issued(house, request, by_http()) == "malformed_message");
  }
  request = asking(records::Purpose::enrol);
  request.name = {"", alice().account()};
  CHECK(issued(house, request, by_hand()) == "malformed_message");
  request = asking(records::Purpose::enrol);
  request.public_key = "no key";
  CHECK(face_of_outcome(house.auth().roles().issuing.issue(request, by_hand())) == Face::malformed);
  request.name.username = "Alice";
  CHECK(issued(house, request, by_hand()) == "malformed_username");
}

TEST_CASE("S68 registration is closed by default to strangers") {
  House house;
  CHECK(Policies().registration == Registration::closed);
  CHECK(issued(house, asking(records::Purpose::enrol), by_http()) == "registration_closed");
  CHECK(face_of_outcome(house.auth().roles().issuing.issue(asking(records::Purpose::enrol), by_http())) ==
        Face::denied);
  CHECK(issued(house, asking(records::Purpose::enrol), by_hand()) == "ok");
  // An administrator's challenge that comes back over the network still enrols nobody.
  const auto challenge = house.issue_enrolment(alice(), records::Transport::courier);
  CHECK(outcome(house.auth().roles().enrolment.enrol(house.answer(alice(), challenge), alice().certificate(),
                                                     by_http())) == "registration_closed");
}

TEST_CASE("S04 nothing that is sent or stored holds the nonce") {
  House house;
  house.add(alice());
  std::vector<std::string> streams;
  std::vector<Bytes> nonces;
  const auto keep = [&](const proving::IssuedChallenge& issued) {
    streams.push_back(issued.message);
    streams.push_back(to_string(must(openpgp::gate::dearmor("PGP MESSAGE", issued.message))));
    const records::Statement statement = must(records::parse_statement(house.engine().sealed_in(issued.message).text));
    nonces.push_back(*from_base64url(statement.nonce));
    streams.push_back(to_string(*from_base64url(statement.challenge)));
    streams.push_back(statement.challenge);
  };
  const auto http = house.issue(alice());
  const auto courier = house.issue(alice(), records::Transport::courier);
  keep(http);
  keep(courier);
  const auto opened = must(house.auth().roles().login.redeem(house.answer(alice(), http), by_http()));
  streams.push_back(std::string(opened.opened->token.reveal_text()));
  const auto granted = must(house.auth().roles().login.redeem(house.answer(alice(), courier), by_http()));
  streams.push_back(granted.grant);
  streams.push_back(house.open_grant(granted.grant));
  auto message = message_of("challenge.issue", transport::Carrier::http);
  message.fields.set("username", "alice");
  const Json answer = must(house.operations().run(message));
  streams.push_back(write_json(answer));
  nonces.push_back(*from_base64url(
      must(records::parse_statement(house.engine().sealed_in(*answer.find("challenge_message")->string()).text))
          .nonce));
  for (const auto& [name, text] : contents_of(house.medium())) streams.push_back(name + text);

  for (const Bytes& nonce : nonces) {
    REQUIRE(nonce.size() == 32);
    for (const std::string& disguise : disguises_of(nonce)) {
      for (const std::string& stream : streams) CHECK(stream.find(disguise) == std::string::npos);
    }
  }
  // The search finds what is there: the statement itself does hold it.
  const std::string statement = house.engine().sealed_in(http.message).text;
  CHECK(statement.find(disguises_of(nonces[0])[4].substr(0, 40)) != std::string::npos);
}

TEST_CASE("S05 challenges open at once do not evict each other") {
  House house;
  house.add(alice());
  std::vector<proving::IssuedChallenge> open;
  for (int i = 0; i < 20; ++i) open.push_back(house.issue(alice()));
  const auto courier = house.issue(alice(), records::Transport::courier);
  for (const proving::IssuedChallenge& one : open) {
    CHECK(outcome(house.auth().roles().login.redeem(house.answer(alice(), one), by_http())) == "ok");
  }
  house.clock.pass(std::chrono::days(6));
  house.issue(alice());
  CHECK(outcome(house.auth().roles().login.redeem(house.answer(alice(), courier), by_courier())) == "ok");
}

TEST_CASE("S28 whatever is wrong with an account its challenge is a decoy's") {
  House house;
  const records::Account account = house.add(alice());
  const auto recipient = [&] { return house.engine().sealed_in(house.issue(alice()).message).recipient; };
  REQUIRE(recipient() == alice().fingerprint());
  records::Accounts accounts(house.medium(), house.seal());
  const std::string record = text_of(house.medium(), records::account_name(account.id));
  const std::string certificate = text_of(house.medium(), part_name(account.id, records::AccountPart::certificate));

  must(put(house.medium(), part_name(account.id, records::AccountPart::certificate), bob().certificate()));
  CHECK(recipient() != alice().fingerprint());
  CHECK(recipient() != bob().fingerprint());
  must(erase(house.medium(), part_name(account.id, records::AccountPart::certificate)));
  CHECK(recipient() != alice().fingerprint());
  must(put(house.medium(), part_name(account.id, records::AccountPart::certificate), certificate));
  REQUIRE(recipient() == alice().fingerprint());
  must(put(house.medium(), records::account_name(account.id), "{}"));
  CHECK(recipient() != alice().fingerprint());
  must(put(house.medium(), records::account_name(account.id), record));
  CHECK(recipient() == alice().fingerprint());
}

TEST_CASE("an account may ask for its key id to be shown") {
  House house;
  must(house.auth().roles().enrolment.add({"alice", alice().certificate(), true}, by_hand()));
  CHECK_FALSE(house.engine().sealed_in(house.issue(alice()).message).hidden);
}

TEST_CASE("without entropy or engine no challenge is issued") {
  House house;
  house.add(alice());
  house.rng.run_dry_after(0);
  CHECK(issued(house, asking(records::Purpose::login), by_http()) == "entropy_unavailable");
  house.rng.refresh();
  house.engine().break_down(true);
  CHECK(issued(house, asking(records::Purpose::login), by_http()) == "openpgp_unavailable");
  proving::ChallengeRequest nobody;
  nobody.name.username = "nobody";
  CHECK(issued(house, nobody, by_http()) == "openpgp_unavailable");
}
