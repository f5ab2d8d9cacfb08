// What an account is, in as few lines as it can be said: two names that may want the same keys, their sessions and
// their challenges, one call after the other. Whatever many do at once to real accounts must look as if this had done
// it.
//
// Pure. Its numbers are those of account_call.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "auth/records/account.hpp"
#include "tests/support/account_call.hpp"

namespace countersign::test {

struct AccountModel {
  enum class State : std::uint8_t { absent, active, revoked, deleted };
  State state = State::absent;
  std::uint64_t epoch = 0;
  int key = kNone;
  bool key_says_revoked = false;  // by a revocation certificate in it
  bool managed = false;
  bool escrowed = false;
  auth::records::PasswordScheme scheme = auth::records::PasswordScheme::none;
  int password = kNone;
  bool operator==(const AccountModel&) const = default;
};

struct SessionModel {
  int who = 0;
  std::uint64_t epoch = 0;
  int token = kNone;  // that opens it; none once it has ended
  bool operator==(const SessionModel&) const = default;
};

struct Model {
  std::array<AccountModel, 2> accounts;
  std::map<int, int> holders;            // who has or had a key
  std::map<int, SessionModel> sessions;  // by the call that opened it
  std::map<int, int> tokens;             // to sessions; replaced ones too
  std::set<int> consumed;
  bool operator==(const Model&) const = default;

  // Does the call, and says what its answer must be. A call that is refused changes nothing.
  std::string step(const Call& call);
};

}  // namespace countersign::test
