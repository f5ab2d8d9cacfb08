// Giving an escrowed key back, as it was protected.
//
// `users/<id>.key` is there only for a managed account that asked for it, and ends with the key: a rotation by password
// keeps the next one instead, every other rotation, a revocation and a deletion erase it. Each time it is handed out is
// in the audit record.
#pragma once

#include <string>

#include "auth/context.hpp"
#include "auth/proving/password_check.hpp"

namespace countersign::auth::keys {

// Any thread.
class Escrow {
 public:
  Escrow(const Context& context, proving::PasswordCheck& check) : context_(context), check_(check) {}

  // Armored. As PasswordCheck::prove(), whose work is done whatever the account is; escrow_absent, which is as denied.
  // What a login renews of the password's hash is renewed here too.
  Result<Secret> by_password(const std::string& account, const passwords::Password& password, const Visit& visit);
  // not_found, also where there is none to give; a revoked account has none.
  Result<Secret> by_administrator(const std::string& account, const Visit& visit);

 private:
  Result<Secret> read(const records::StoredAccount& stored);

  const Context& context_;
  proving::PasswordCheck& check_;
};

}  // namespace countersign::auth::keys
