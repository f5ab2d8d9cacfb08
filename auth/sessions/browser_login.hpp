// A login that a browser asks for and a terminal signs: the terminal is told a code, and the browser that says it is
// logged in. So the code goes to who holds the key, and a command that a stranger sends them logs the stranger in
// nowhere.
//
//   terminal  sign()   consumes the challenge; its record then waits
//   browser   enter()  the code opens the session; three wrong ones end the wait
#pragma once

#include <string>

#include "auth/proving/proof.hpp"
#include "auth/records/login_attempt.hpp"
#include "auth/sessions/sessions.hpp"

namespace countersign::auth::sessions {

// Any thread.
class BrowserLogin {
 public:
  BrowserLogin(const Context& context, Sessions& sessions) : context_(context), proof_(context), sessions_(sessions) {}

  // The code, for the challenge that was signed. As Login::redeem().
  Result<std::string> sign(const proving::Response& response, const Visit& visit);

  // `attempt` is judged to be this browser's and alive. challenge_invalid where nothing was signed for it, or where the
  // code is another; challenge_consumed after three of those, or where a browser came before; challenge_expired;
  // account_*, epoch_passed, record_*: all `denied` outside; unavailable.
  Result<RefreshedSession> enter(const records::LoginAttempt& attempt, const std::string& code, const Visit& visit);

 private:
  Status judge_and_consume(const records::OpenedChallenge& opened, const proving::Response& response,
                           const Visit& visit, const Moment& moment);
  Result<RefreshedSession> judge_and_open(const records::LoginAttempt& attempt, const std::string& code,
                                          const Visit& visit, const Moment& moment);

  const Context& context_;
  proving::Proof proof_;
  Sessions& sessions_;
};

}  // namespace countersign::auth::sessions
