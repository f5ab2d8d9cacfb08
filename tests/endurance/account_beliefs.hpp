// What an account may be, as far as the answers so far say, and whether one more answer can be true.
//
// One client at a time calls an account, so its calls are a sequence. A call without an answer may have happened or
// not: both are kept until a later answer tells them apart. An answer that fits none of what is kept is a violation.
//
// Pure: times are arguments.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/base/time.hpp"

namespace countersign::test {

enum class Deed : std::uint8_t {
  add,              // by command, with `key`
  set_password,     // by command: `password`
  challenge,        // accepted: it opened with `key`; refused: with none
  login,            // `response`; opens `session`
  password_login,   // `password`; opens `session`
  check,            // `session`
  refresh,          // `session`; opens `next_session`
  end,              // `session`
  end_all,          // by `session`
  change_password,  // `password` to `next_password`
  rotate,           // `response`, to `key`
  revoke,           // `response`
  command_revoke,
  command_restore,
};
inline constexpr std::size_t kDeeds = 14;
std::string_view name_of(Deed deed);

enum class Answer : std::uint8_t { accepted, refused, none };
std::string_view name_of(Answer answer);

// The earliest and the latest that the server's clock can have said, and whether it can be relied on to accept what is
// made by that time.
struct When {
  Instant from{};
  Instant to{};
  bool steady = true;
};

// Numbers are the client's own; a number that is not needed is -1.
struct AccountCall {
  Deed deed{};
  int key = -1;
  int password = -1;
  int next_password = -1;
  int session = -1;
  int next_session = -1;
  int response = -1;
  bool fresh = true;  // the response: made under the clock that it is judged by
};
std::string describe(const AccountCall& call);

class AccountBeliefs {
 public:
  // Empty where the answer can be true, else why it cannot. What then follows is undefined.
  std::string take(const AccountCall& call, Answer answer, const When& when);
  // What a list says of it: "absent", "active" or "revoked".
  std::string take_listed(std::string_view standing);
  // The clock was set back to that time. What was opened later than it is said to be over until then, and may be swept
  // away for good.
  void take_set_back(Instant time);
  // Nobody will ask for it again, so what differs in it alone is the same.
  void forget_session(int session);
  void forget_response(int response);

  // How many possibilities are open.
  std::size_t size() const { return beliefs_.size(); }
  // What is not ruled out, newest first.
  std::vector<int> keys() const;
  std::vector<int> passwords() const;
  std::set<int> live_sessions() const;
  bool may_be_active() const;
  bool may_be_revoked() const;
  bool must_be_absent() const;
  std::string text() const;

 private:
  enum class Standing : std::uint8_t { absent, active, revoked };
  enum class Token : std::uint8_t { live, replaced };  // else it has ended
  struct Belief {
    Standing standing = Standing::absent;
    int key = -1;
    int password = -1;
    std::map<int, Token> tokens;  // by session
    std::set<int> unspent;        // responses to challenges that still stand
    bool operator==(const Belief&) const = default;
  };
  struct Allowed {
    bool accepted = false;
    bool refused = false;
  };
  // Of a session, whatever is believed of it.
  struct Life {
    When opened;
    Instant idle_from{};  // the earliest end of its idle time, and the latest
    Instant idle_to{};
    Instant replaced_to{};  // the latest at which it can have been replaced
    bool swept = false;     // perhaps
  };

  Allowed allowed(const Belief& belief, const AccountCall& call, const When& when) const;
  static Allowed allowed_response(const Belief& belief, const AccountCall& call);
  Allowed allowed_session(const Belief& belief, int session, const When& when) const;
  static void perform(Belief& belief, const AccountCall& call);
  void note_times(const AccountCall& call, const When& when);
  void keep_distinct(std::vector<Belief> beliefs);
  static std::string text_of(const Belief& belief);

  std::vector<Belief> beliefs_{1};
  std::map<int, Life> lives_;
};

}  // namespace countersign::test
