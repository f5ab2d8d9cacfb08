#include "tests/support/public_questions.hpp"

#include "auth/base/account_id.hpp"
#include "auth/records/login_attempt.hpp"
#include "tests/support/http_wire.hpp"
#include "tests/support/own_signatures.hpp"
#include "tests/support/planted_password.hpp"

namespace countersign::test {

using namespace auth;

namespace {

constexpr const char* kOwnOrigin = "https://auth.example.org";

const Person& stranger() {
  static const Person person("stranger", openpgp::KeyKind::ed25519_cv25519);
  return person;
}

HouseSettings settings_of(passwords::HasherSettings hasher, passwords::Argon2Parameters parameters) {
  HouseSettings settings;
  settings.policies.rate_limit = false;
  settings.policies.registration = auth::Registration::open;
  settings.policies.password.parameters = parameters;
  settings.hasher = std::move(hasher);
  return settings;
}

Question challenge(records::Purpose purpose, records::Transport transport, bool by_id) {
  const auto request = [=](AskedPlace&, const Person& person) {
    Json fields = by_id ? Json::object().set("account", person.account()) : naming(person);
    fields.set("purpose", name_of(purpose)).set("transport", name_of(transport));
    if (purpose == records::Purpose::enrol) fields.set("public_key", stranger().certificate());
    if (purpose == records::Purpose::rotate) fields.set("new_public_key", stranger().certificate());
    if (purpose == records::Purpose::revoke) fields.set("reason", "key_retired");
    return json_request("/v1/challenge", fields);
  };
  const std::string what = "challenge to " + std::string(name_of(purpose)) + " by " + std::string(name_of(transport));
  return {what + (by_id ? ", by id" : ""), request, true};
}

Question proving_nothing(const std::string& what, const std::string& path, const Json& fields) {
  return {what, [=](AskedPlace&, const Person& person) {
            Json whole = naming(person);
            for (const auto& [name, value] : *fields.members()) whole.set(name, value);
            return json_request(path, whole);
          }};
}

std::string path_of(records::Purpose purpose) {
  switch (purpose) {
    case records::Purpose::login:
      return "/v1/session";
    case records::Purpose::enrol:
      return "/v1/accounts";
    case records::Purpose::rotate:
      return "/v1/rotation";
    case records::Purpose::revoke:
      return "/v1/revocation";
    case records::Purpose::password:
      return "/v1/password";
  }
  return "";
}

}  // namespace

const std::vector<AskedFor>& all_asked_for() {
  static const std::vector<AskedFor> all = [] {
    std::vector<AskedFor> out;
    const auto add = [&](std::string what, std::string name) {
      out.push_back({std::move(what), Person(std::move(name), openpgp::KeyKind::ed25519_cv25519)});
    };
    // Names of one length: a challenge for an enrolment says the name.
    add("an account with a password", "anna");
    add("an account without a password", "bert");
    add("an account with a legacy hash", "cleo");
    add("a revoked account", "dora");
    add("a deleted account", "emil");
    add("nobody", "finn");
    add("an account with a key in escrow", "gwen");
    return out;
  }();
  return all;
}

Result<Json> NotingOperations::run(const transport::Message& message) {
  {
    const std::lock_guard lock(mutex_);
    asked_.emplace(message.operation);
  }
  return inner_.run(message);
}

std::set<std::string> NotingOperations::asked() {
  const std::lock_guard lock(mutex_);
  return asked_;
}

AskedPlace::AskedPlace(passwords::HasherSettings hasher, passwords::Argon2Parameters parameters)
    : house(settings_of(std::move(hasher), parameters), &medium), operations(house.operations()) {
  const auto& people = all_asked_for();
  house.add(people[0].person, kTheirPassword);
  house.add(people[1].person);
  house.add(people[2].person);
  plant(house, people[2].person, records::AccountPart::legacy_password, lthn(kTheirPassword));
  house.add(people[kRevoked].person, kTheirPassword);
  house.add(people[kDeleted].person, kTheirPassword);
  must(house.auth().roles().enrolment.add_managed({people.back().person.name(), password_of(kTheirPassword), true},
                                                  by_hand()));
  must(house.auth().roles().revocation.by_administrator(people[kRevoked].person.account(), "key_retired", "",
                                                        by_hand()));
  must(house.auth().roles().deletion.by_administrator(people[kDeleted].person.account(), by_hand()));
  must(house.auth().maintain());
  invite = must(house.auth().roles().invites.make({"", {}, std::chrono::days(7)}, by_hand())).secret.reveal_text();
  transport::http::HttpServerSettings settings;
  settings.port = 0;
  settings.site = transport::pages::parse_site(kOwnOrigin, "").value();
  server = std::make_unique<transport::http::HttpServer>(operations, settings);
  must(server->start());
}

std::string json_request(const std::string& path, const Json& fields) {
  return http_request("POST", path, "Content-Type: application/json\r\n", write_json(fields));
}

Json naming(const Person& person) {
  return Json::object().set("username", person.name());
}

Question responding(records::Purpose purpose, bool by_own_key) {
  const auto request = [=](AskedPlace& place, const Person& person) {
    const records::Challenge asked = place.house.challenge_for(person, purpose, records::Transport::http);
    const proving::Response response = place.house.answer_to(by_own_key ? person : stranger(), asked);
    Json fields = Json::object().set("response", fields_of(response));
    if (purpose == records::Purpose::rotate) {
      fields.set("new_response", fields_of(response)).set("public_key", person.certificate());
    }
    if (purpose == records::Purpose::password) fields.set("new_password", "next");
    return json_request(path_of(purpose), fields);
  };
  const std::string what = std::string(name_of(purpose)) + " by a response";
  return {what + (by_own_key ? "" : " of a stranger"), request, false, true};
}

std::vector<Question> all_questions() {
  std::vector<Question> all;
  for (const records::Purpose purpose : {records::Purpose::login, records::Purpose::rotate, records::Purpose::revoke,
                                         records::Purpose::password, records::Purpose::enrol}) {
    for (const records::Transport transport : {records::Transport::http, records::Transport::courier}) {
      all.push_back(challenge(purpose, transport, false));
      if (purpose != records::Purpose::enrol) all.push_back(challenge(purpose, transport, true));
    }
  }
  const auto by_invite = [](bool good) {
    return [good](AskedPlace& place, const Person& person) {
      return json_request("/v1/challenge", naming(person)
                                               .set("purpose", "enrol")
                                               .set("public_key", stranger().certificate())
                                               .set("invite", good ? place.invite : "ci_" + std::string(43, 'A')));
    };
  };
  all.push_back({"challenge to enrol with an invite", by_invite(true), true});
  all.push_back({"challenge to enrol with an invite that is none", by_invite(false)});
  const auto as_form = [](AskedPlace&, const Person& person) {
    return http_request("POST", "/v1/challenge", "Content-Type: application/x-www-form-urlencoded\r\n",
                        "username=" + person.name());
  };
  all.push_back({"challenge as text", as_form, true});
  // As a browser posts it that has been here before: another secret would be random in the answer.
  const auto posted = [](const std::string& path, const std::string& form) {
    return http_request("POST", path,
                        std::string("Content-Type: application/x-www-form-urlencoded\r\nOrigin: ") + kOwnOrigin +
                            "\r\nCookie: __Host-countersign-attempt=" + std::string(43, 'A') + "\r\n",
                        form);
  };
  const auto by_page = [=](AskedPlace&, const Person& person) {
    return posted("/login", "return=&username=" + person.name());
  };
  all.push_back({"challenge by a page", by_page, true});
  const auto answer_by_page = [=](AskedPlace&, const Person&) {
    return posted("/login/answer",
                  "attempt=x&response=-----BEGIN+PGP+SIGNED+MESSAGE-----%0AHash:+SHA256%0A%0Achallenge:+x%0Anonce:+y%0A"
                  "-----BEGIN+PGP+SIGNATURE-----%0A%0Ax%0A-----END+PGP+SIGNATURE-----%0A");
  };
  all.push_back({"login by a page that was not shown", answer_by_page});
  const auto code_by_page = [=](AskedPlace&, const Person&) {
    return posted("/login/code-entry", "attempt=x&code=12345678");
  };
  all.push_back({"code for a page that was not shown", code_by_page});
  const auto shown_again = [](AskedPlace& place, const Person& person) {
    records::LoginAttempt attempt;
    attempt.issued_at = place.house.clock.now();
    attempt.expires_at = attempt.issued_at + Seconds(60);
    attempt.challenge_tag = std::string(32, '0');
    attempt.username = person.name();
    attempt.browser = "192.0.2.9, Firefox on Linux";
    return http_request("GET", "/login/challenge/" + seal_attempt(attempt, place.house.secrets().newest_seal_key()));
  };
  all.push_back({"challenge of a page once more", shown_again, true});
  all.push_back({"code for nothing that was signed", [](AskedPlace&, const Person&) {
                   return http_request("POST", "/login/code", "",
                                       "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nchallenge: x\nnonce: y\n"
                                       "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n");
                 }});
  const Json wrong = Json::object().set("password", "wrong");
  all.push_back(proving_nothing("session by a wrong password", "/v1/session", wrong));
  all.push_back(proving_nothing("session by a wrong password that is not in its normal form", "/v1/session",
                                Json::object().set("password", "wrong e\xcc\x81")));
  all.push_back(
      proving_nothing("password by a wrong password", "/v1/password", Json(wrong).set("new_password", "next")));
  all.push_back(
      proving_nothing("rotation by a wrong password", "/v1/rotation", Json(wrong).set("new_password", "next")));
  all.push_back(
      proving_nothing("revocation by a wrong password", "/v1/revocation", Json(wrong).set("reason", "key_retired")));
  all.push_back(proving_nothing("key by a wrong password", "/v1/key", wrong));
  all.push_back(proving_nothing("revocation by a foreign certificate", "/v1/revocation",
                                Json::object().set("revocation_certificate", own_revocation_of(stranger()))));
  for (const records::Purpose purpose :
       {records::Purpose::login, records::Purpose::rotate, records::Purpose::revoke, records::Purpose::password}) {
    all.push_back(responding(purpose, false));
  }
  return all;
}

}  // namespace countersign::test
