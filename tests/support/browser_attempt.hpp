// A login that a browser asked for, in a House, as the pages begin one.
#pragma once

#include "auth/records/login_attempt.hpp"
#include "auth/records/sealed_challenge.hpp"
#include "tests/support/house.hpp"

namespace countersign::test {

inline auth::Visit by_browser() {
  return {auth::Arrival::browser, "192.0.2.7"};
}

struct BrowserAttempt {
  explicit BrowserAttempt(House& house) {
    const auto issued = house.issue(alice(), auth::records::Transport::browser);
    response = house.answer(alice(), issued);
    attempt.issued_at = issued.term.issued_at;
    attempt.expires_at = issued.term.expires_at;
    attempt.random = issued.term.random;
    attempt.challenge_tag = issued.tag;
    attempt.code = auth::records::code_of(issued.tag, house.secrets().newest_seal_key());
    wrong_code = attempt.code == "00000000" ? "11111111" : "00000000";
  }

  auth::proving::Response response;     // what a terminal signs
  auth::records::LoginAttempt attempt;  // what the browser keeps, opened
  std::string wrong_code;
};

}  // namespace countersign::test
