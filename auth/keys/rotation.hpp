// Rotation: an account goes over to another key.
//
// A `rotate` statement names the new key and is signed by both keys, so that nobody gives an account a key that they do
// not hold, nor takes an account with a key of theirs; or an administrator does it. One batch: certificate, account
// record with the former key, metadata for the new key, epoch, the list's line. Every session and every open challenge
// ends with it.
#pragma once

#include <string>

#include "auth/challenges/proof.hpp"
#include "auth/keys/withdrawals.hpp"
#include "auth/openpgp/enrollable.hpp"

namespace countersign::auth {

struct RotationResponse {
  Response current;  // by the key that the account has
  Response next;     // by the key that it is to have, over the same statement
  std::string public_key;
};

// Any thread.
class Rotation {
 public:
  Rotation(const Context& context, Withdrawals& withdrawals)
      : context_(context), proof_(context), withdrawals_(withdrawals) {}

  // As Login::redeem, for both signatures; certificate_refused and the like for a certificate that may not be enrolled;
  // key_taken, told to one who proved both keys. A courier's response that was redeemed before gives the same answer.
  Result<Account> by_statement(const RotationResponse& response, const Visit& visit);
  // By an administrator, without proof. not_found, account_not_active, certificate_*, key_taken.
  Result<Account> by_administrator(const std::string& account, const std::string& public_key, const Visit& visit);

 private:
  Result<Account> judge_statement(const OpenedChallenge& opened, const RotationResponse& response,
                                  const openpgp::Enrollable& checked, const Visit& visit, const Moment& moment);
  Result<Account> commit(storage::Batch batch, const StoredAccount& stored, const openpgp::Enrollable& checked,
                         const Visit& visit, const Moment& moment, const std::string& by);

  const Context& context_;
  Proof proof_;
  Withdrawals& withdrawals_;
};

}  // namespace countersign::auth
