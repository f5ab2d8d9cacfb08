// A call on an account as the model of accounts sees it: what is asked of whom, and what it said.
//
// People, keys, passwords, tokens and challenges are numbers: of the name, of the key ring, of the password, and of the
// call that brought the token or the challenge.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "auth/records/statement.hpp"

namespace countersign::test {

enum class Deed : std::uint8_t {
  show,
  issue,
  add,
  add_managed,
  import,  // of an account with a legacy hash
  enrol,
  log_in,
  log_in_by_password,
  change_password,
  change_password_by_statement,
  set_password,
  remove_password,
  rotate,
  rotate_by_statement,
  rotate_by_password,
  rotate_managed,
  hand_out_key,
  revoke,
  revoke_by_statement,
  revoke_by_certificate,
  revoke_by_password,
  restore,
  delete_account,
  admit,
  refresh,
  end,
  end_one,
  end_all,
};
std::string_view name_of(Deed deed);
bool is_among(Deed deed, std::initializer_list<Deed> deeds);
// With the account's password, or one that is claimed to be.
bool proves_by_password(Deed deed);

inline constexpr int kNone = -1;

// What a challenge holds sealed.
struct SealedFacts {
  int number = kNone;
  std::uint64_t epoch = 0;
  int key = kNone;
  int next_key = kNone;  // rotate
};

struct Call {
  Deed deed = Deed::show;
  int number = kNone;  // whatever it opens is called by it
  int who = 0;
  // To add, rotate or restore to, or to ask a challenge for; whose revocation certificate it is; or the one that was
  // made, which is known afterwards.
  int key = kNone;
  int password = kNone;  // as claimed, or what a new account has
  int next = kNone;      // the password that is to be
  int token = kNone;
  int session = kNone;                                             // end one: the call that opened it
  auth::records::Purpose purpose = auth::records::Purpose::login;  // issue
  SealedFacts challenge;
  std::string answer;  // what it said: "ok ...", or a face
};
std::string to_text(const Call& call);

}  // namespace countersign::test
