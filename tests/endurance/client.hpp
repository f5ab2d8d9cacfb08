// A client: accounts of its own, which nobody else calls, and a model of each that judges every answer.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/endurance/exchange.hpp"
#include "tests/support/openpgp_key.hpp"

namespace countersign::test {

// One thread at a time. What an answer may not be goes to the tally.
class Client {
 public:
  // Usernames begin with `name`. The same seed makes the same choices, as far as the answers are the same.
  Client(Machine& machine, Tally& tally, const std::string& name, std::size_t accounts, std::uint64_t seed);

  // One call or a few, on one account.
  void act();
  // After the faults: whatever was acknowledged is there, and what was taken away is gone.
  void verify();

 private:
  struct Response {
    Deed deed{};
    int key = -1;
    std::string content_type;
    std::string body;
    SetClock::Reading asked;
  };
  struct Account {
    std::string username;
    AccountBeliefs beliefs;
    std::map<int, std::unique_ptr<OpenPgpKey>> keys;
    std::map<int, std::string> tokens;  // by session, live ones and some that ended
    std::map<int, Response> responses;  // some that were sent
    std::deque<std::string> history;
    std::size_t set_backs = 0;  // of the clock, that its beliefs know of
    int numbers = 0;
  };
  // Judges and counts.
  Answer take(Account& account, const AccountCall& call, const Outcome& sent, const SetClock::Reading& before);
  // At one of the servers that is up, where there is one.
  Outcome ask(const std::string& method, const std::string& path, const std::string& headers, const std::string& body,
              int success);
  void violate(const Account& account, const std::string& what);

  Answer call_by_session(Account& account, Deed deed, int session);
  void call_by_password(Account& account, Deed deed, int password);
  void command(Account& account, Deed deed);
  // The number of a response to a fresh challenge; none where there was no answer or it opened with no key.
  std::optional<int> respond(Account& account, Deed deed);
  void send_response(Account& account, int response);
  // To both servers at once.
  void send_response_twice(Account& account, int response);
  AccountCall call_of(Account& account, int response, const SetClock::Reading& before) const;
  void keep_token(Account& account, const AccountCall& call, const Outcome& sent);
  void list();
  void act_on_sessions(Account& account);
  void act_on_keys(Account& account);
  void forget_old(Account& account);

  int any(int below);
  template <class Container>
  auto any_of(const Container& container) {
    auto at = container.begin();
    std::advance(at, any(static_cast<int>(container.size())));
    return *at;
  }
  std::string password_of(const Account& account, int number) const;
  OpenPgpKey& key_of(Account& account, int number);

  Machine& machine_;
  Tally& tally_;
  const Exchange exchange_;
  std::mt19937_64 random_;
  std::vector<Account> accounts_;
};

}  // namespace countersign::test
