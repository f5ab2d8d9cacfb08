// Rotation: an account goes over to another key.
//
// A `rotate` statement names the new key and is signed by both keys, so that nobody gives an account a key that they do
// not hold, nor takes an account with a key of theirs; or an administrator does it. The password of a managed account,
// whose key the server made and the password protects, changes both: a new key pair, protected by a new password. So it
// does for no other account (S12). One batch: certificate, account
// record with the former key, metadata for the new key, password hash where it changes, epoch, the list's line. Every
// session and every open challenge ends with it.
#pragma once

#include <string>

#include "auth/challenges/proof.hpp"
#include "auth/keys/key_maker.hpp"
#include "auth/keys/withdrawals.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "auth/passwords/password_check.hpp"

namespace countersign::auth {

struct RotationResponse {
  Response current;  // by the key that the account has
  Response next;     // by the key that it is to have, over the same statement
  std::string public_key;
};

// Any thread.
class Rotation {
 public:
  Rotation(const Context& context, Withdrawals& withdrawals, PasswordCheck& check)
      : context_(context), proof_(context), withdrawals_(withdrawals), check_(check) {}

  // As Login::redeem, for both signatures; certificate_refused and the like for a certificate that may not be enrolled;
  // key_taken, told to one who proved both keys. A courier's response that was redeemed before gives the same answer.
  Result<Account> by_statement(const RotationResponse& response, const Visit& visit);
  // By an administrator, without proof. not_found, account_not_active, certificate_*, key_taken.
  Result<Account> by_administrator(const std::string& account, const std::string& public_key, const Visit& visit);
  // By the current password, to a new one: as PasswordCheck::prove(), account_not_managed, and KeyMaker::make() once
  // that is proven. The new secret key is escrowed exactly if the former one was. A legacy hash proves as any, and ends
  // with it.
  Result<ManagedAccount> by_password(const std::string& account, const Password& password, const Password& next,
                                     const Visit& visit);
  // The same by an administrator, without proof: for a person who forgot the password, and so lost the key; and for
  // one whose account was not managed. With `escrow` the secret key is kept also where the former one was not.
  // not_found, account_not_active.
  Result<ManagedAccount> managed_by_administrator(const std::string& account, const Password& next, bool escrow,
                                                  const Visit& visit);

 private:
  // What is to take the place of a key, and the password that goes with it.
  struct Made {
    MadeKey key;
    HashedPassword password;
  };
  Result<Made> make(const Account& account, const Password& next, const Moment& moment);
  Result<ManagedAccount> commit_made(const StoredAccount& stored, const Made& made, bool escrow, const Visit& visit,
                                     const Moment& moment, const std::string& by);
  Result<Account> judge_statement(const OpenedChallenge& opened, const RotationResponse& response,
                                  const openpgp::Enrollable& checked, const Visit& visit, const Moment& moment);
  Result<Account> commit(storage::Batch batch, const StoredAccount& stored, const openpgp::Enrollable& checked,
                         const Visit& visit, const Moment& moment, const std::string& by);

  // Commits what was staged, as a rotation.
  Result<Account> withdraw(const storage::Batch& batch, const StoredAccount& stored, const Account& changed,
                           const Visit& visit, const Moment& moment, const std::string& by);

  const Context& context_;
  Proof proof_;
  Withdrawals& withdrawals_;
  PasswordCheck& check_;
};

}  // namespace countersign::auth
