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

#include "auth/keys/key_maker.hpp"
#include "auth/keys/withdrawals.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "auth/proving/password_check.hpp"
#include "auth/proving/proof.hpp"

namespace countersign::auth::keys {

struct RotationResponse {
  proving::Response current;  // by the key that the account has
  proving::Response next;     // by the key that it is to have, over the same statement
  std::string public_key;
};

// Any thread.
class Rotation {
 public:
  Rotation(const Context& context, Withdrawals& withdrawals, proving::PasswordCheck& check, KeyMaker& key_maker)
      : context_(context), proof_(context), withdrawals_(withdrawals), check_(check), key_maker_(key_maker) {}

  // As Login::redeem, for both signatures; certificate_refused and the like for a certificate that may not be enrolled;
  // key_taken, told to one who proved both keys. A courier's response that was redeemed before gives the same answer.
  Result<records::Account> by_statement(const RotationResponse& response, const Visit& visit);
  // By an administrator, without proof. not_found, account_not_active, certificate_*, key_taken.
  Result<records::Account> by_administrator(const std::string& account, const std::string& public_key,
                                            const Visit& visit);
  // By the current password, to a new one: as PasswordCheck::prove(), account_not_managed, and KeyMaker::make() once
  // that is proven. The new secret key is escrowed exactly if the former one was. A legacy hash proves as any, and ends
  // with it.
  Result<ManagedAccount> by_password(const std::string& account, const passwords::Password& password,
                                     const passwords::Password& next, const Visit& visit);
  // The same by an administrator, without proof: for a person who forgot the password, and so lost the key; and for
  // one whose account was not managed. With `escrow` the secret key is kept also where the former one was not.
  // not_found, account_not_active.
  Result<ManagedAccount> managed_by_administrator(const std::string& account, const passwords::Password& next,
                                                  bool escrow, const Visit& visit);

 private:
  // What is to take the place of a key, and the password that goes with it.
  struct Made {
    MadeKey key;
    passwords::HashedPassword password;
  };
  Result<Made> make(const records::Account& account, const passwords::Password& next, const Moment& moment);
  Result<ManagedAccount> commit_made(const records::StoredAccount& stored, const Made& made, bool escrow,
                                     const Visit& visit, const Moment& moment, const std::string& by);
  Result<records::Account> judge_statement(const records::OpenedChallenge& opened, const RotationResponse& response,
                                           const openpgp::Enrollable& checked, const Visit& visit,
                                           const Moment& moment);
  Result<records::Account> commit(storage::Batch batch, const records::StoredAccount& stored,
                                  const openpgp::Enrollable& checked, const Visit& visit, const Moment& moment,
                                  const std::string& by);

  // Commits what was staged, as a rotation.
  Result<records::Account> withdraw(const storage::Batch& batch, const records::StoredAccount& stored,
                                    const records::Account& changed, const Visit& visit, const Moment& moment,
                                    const std::string& by);

  const Context& context_;
  proving::Proof proof_;
  Withdrawals& withdrawals_;
  proving::PasswordCheck& check_;
  KeyMaker& key_maker_;
};

}  // namespace countersign::auth::keys
