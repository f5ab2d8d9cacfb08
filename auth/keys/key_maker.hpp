// Key pairs that the server makes for people who bring none: managed accounts.
//
// Such a key is Ed25519 with X25519 (S60). Its secret is protected by its owner's password before it leaves the engine,
// at the highest cost that OpenPGP's S2K has, and handed over once (S16, S50). That is weaker than a key which its
// owner made: the server knew the password for a moment, and whoever gets the protected secret can try passwords on it.
#pragma once

#include <string>

#include "auth/base/bounded_work.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "auth/passwords/password.hpp"
#include "auth/records/account.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::keys {

struct MadeKey {
  openpgp::Enrollable checked;
  Secret secret_key;  // armored, protected by the password in its normal form
};

// A managed account with the key that was made for it, to be handed over.
struct ManagedAccount {
  records::Account account;
  Secret secret_key;
};

// Making a key takes up to seconds, and where registration is open a stranger may ask for it: so many are made at once,
// and so many may wait.
inline constexpr std::size_t kKeysAtOnce = 1;
inline constexpr std::size_t kKeysWaitingMax = 4;

// Any thread.
class KeyMaker {
 public:
  explicit KeyMaker(openpgp::OpenPgp& engine);

  // May the password protect a key? malformed_message. Pure, and asked by make() too.
  static Status check(const passwords::Password& password);
  // As check(); busy; openpgp_unavailable, also where the engine did not protect what it made.
  Result<MadeKey> make(const std::string& user_id, const passwords::Password& password, Instant now);

 private:
  Result<MadeKey> make_now(const std::string& user_id, const passwords::Password& password, Instant now);

  openpgp::OpenPgp& engine_;
  BoundedWork work_;
};

}  // namespace countersign::auth::keys
