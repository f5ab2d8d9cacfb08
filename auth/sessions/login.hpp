// Redeeming a login: the response is proven, then one batch consumes the challenge and opens the session.
#pragma once

#include <optional>
#include <string>

#include "auth/proving/proof.hpp"
#include "auth/sessions/sessions.hpp"

namespace countersign::auth::sessions {

// Exactly one of the two: a session with its token, or, for a courier's challenge, the encrypted session grant.
struct LoginAnswer {
  std::optional<RefreshedSession> opened;
  std::string grant;
};

// Any thread.
class Login {
 public:
  Login(const Context& context, Sessions& sessions) : context_(context), proof_(context), sessions_(sessions) {}

  // challenge_*, transport_mismatch, account_*, epoch_passed, signature_*, key_*, record_*: all `denied` outside;
  // unavailable. A conflict is judged again, three times at most, then it is `denied` if the challenge is consumed,
  // else unavailable. A courier's response that was redeemed before gets the same grant again.
  Result<LoginAnswer> redeem(const proving::Response& response, const Visit& visit);

 private:
  Result<LoginAnswer> judge_and_commit(const records::OpenedChallenge& opened, const proving::Response& response,
                                       const Visit& visit, const Moment& moment);
  Result<std::string> seal_grant(const records::Session& session, const Secret& token, const proving::Prover& prover,
                                 const Moment& moment);

  const Context& context_;
  proving::Proof proof_;
  Sessions& sessions_;
};

}  // namespace countersign::auth::sessions
