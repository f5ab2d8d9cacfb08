#include "tests/endurance/client.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include "auth/openpgp/rnp/silence.hpp"

namespace countersign::test {
namespace {

constexpr std::chrono::milliseconds kWaitForServer{20};
// Above this only what decides between possibilities is called.
constexpr std::size_t kBeliefsMax = 12;
constexpr std::size_t kLiveSessionsMax = 8;
constexpr std::size_t kKept = 12;
constexpr std::size_t kHistoryKept = 25;

constexpr const char* kJsonType = "application/json";
constexpr const char* kTextType = "text/plain";

std::string type_line(const std::string& type) {
  return "Content-Type: " + type + "\r\n";
}

int success_of(Deed deed) {
  return deed == Deed::login ? 201 : 200;
}

const char* path_of(Deed deed) {
  return deed == Deed::rotate ? "/v1/rotation" : deed == Deed::revoke ? "/v1/revocation" : "/v1/session";
}

std::string open_or_nothing(const OpenPgpKey& key, const std::string& message) {
  try {
    return key.open(message);
  } catch (const std::runtime_error&) {
    return {};
  }
}

}  // namespace

Client::Client(Machine& machine, Tally& tally, const std::string& name, std::size_t accounts, std::uint64_t seed)
    : machine_(machine), tally_(tally), exchange_(machine, tally), random_(seed), accounts_(accounts) {
  for (std::size_t i = 0; i < accounts; ++i) accounts_[i].username = name + std::to_string(i);
}

int Client::any(int below) {
  return static_cast<int>(random_() % static_cast<std::uint64_t>(below));
}

std::string Client::password_of(const Account& account, int number) const {
  return account.username + " has password " + std::to_string(number);
}

OpenPgpKey& Client::key_of(Account& account, int number) {
  // librnp closes the stderr that a key was made under, unless it is the same one when the key goes.
  const auth::openpgp::rnp::Silence silence;
  auto& key = account.keys[number];
  if (!key) key = std::make_unique<OpenPgpKey>(account.username + " " + std::to_string(number));
  return *key;
}

void Client::violate(const Account& account, const std::string& what) {
  std::string text = account.username + ": " + what + "\nbefore it:";
  for (const std::string& line : account.history) text += "\n  " + line;
  tally_.violate(text);
}

Answer Client::take(Account& account, const AccountCall& call, const Outcome& sent, const SetClock::Reading& before) {
  if (!sent.called) {
    std::this_thread::sleep_for(kWaitForServer);
    return Answer::none;
  }
  const SetClock::Reading after = machine_.clock().read();
  for (const Instant time : machine_.clock().set_backs(account.set_backs)) {
    account.beliefs.take_set_back(time);
    ++account.set_backs;
  }
  tally_.count(call.deed, sent.answer);
  const std::string wrong = account.beliefs.take(call, sent.answer, SetClock::between(before, after));
  account.history.push_back(describe(call) + ": " + std::string(name_of(sent.answer)) + " (" + sent.word + ", clock " +
                            std::to_string(after.ahead.count()) + (after.when.steady ? "" : ", behind") + ")");
  if (account.history.size() > kHistoryKept) account.history.pop_front();
  if (!wrong.empty()) violate(account, wrong);
  return sent.answer;
}

Outcome Client::ask(const std::string& method, const std::string& path, const std::string& headers,
                    const std::string& body, int success) {
  std::size_t server = static_cast<std::size_t>(any(Machine::kServers));
  if (machine_.port(server) == 0) server = (server + 1) % Machine::kServers;
  return exchange_.ask(server, http_request(method, path, headers, body), success);
}

void Client::keep_token(Account& account, const AccountCall& call, const Outcome& sent) {
  const Json session = json_of(sent.body);
  account.tokens[call.deed == Deed::refresh ? call.next_session : call.session] = field(session, "token");
  if (field(session, "username") != account.username) violate(account, "a session of another: " + sent.body);
}

Answer Client::call_by_session(Account& account, Deed deed, int session) {
  AccountCall call{deed};
  call.session = session;
  if (deed == Deed::refresh) call.next_session = ++account.numbers;
  const std::string bearer = "Authorization: Bearer " + account.tokens.at(session) + "\r\n";
  const auto before = machine_.clock().read();
  Outcome sent;
  if (deed == Deed::check) {
    sent = ask("GET", "/v1/session", bearer, "", 200);
    if (sent.answer == Answer::accepted && field(json_of(sent.body), "username") != account.username) {
      violate(account, "a session of another: " + sent.body);
    }
  } else if (deed == Deed::refresh) {
    sent = ask("POST", "/v1/session/refresh", bearer, "", 200);
  } else {
    sent = ask("DELETE", deed == Deed::end ? "/v1/session" : "/v1/sessions", bearer, "", 204);
  }
  const Answer answer = take(account, call, sent, before);
  if (answer == Answer::accepted && deed == Deed::refresh) keep_token(account, call, sent);
  return answer;
}

void Client::call_by_password(Account& account, Deed deed, int password) {
  AccountCall call{deed};
  call.password = password;
  Json body = Json::object().set("username", account.username).set("password", password_of(account, password));
  const bool change = deed == Deed::change_password;
  if (change) {
    call.next_password = ++account.numbers;
    body.set("new_password", password_of(account, call.next_password));
  } else {
    call.session = ++account.numbers;
  }
  const auto before = machine_.clock().read();
  const Outcome sent =
      ask("POST", change ? "/v1/password" : "/v1/session", type_line(kJsonType), write_json(body), change ? 204 : 201);
  if (take(account, call, sent, before) == Answer::accepted && !change) keep_token(account, call, sent);
}

void Client::command(Account& account, Deed deed) {
  AccountCall call{deed};
  const auto before = machine_.clock().read();
  Outcome sent;
  if (deed == Deed::add) {
    call.key = ++account.numbers;
    sent = exchange_.run({"account", "add", account.username, "--public-key", "-"},
                         key_of(account, call.key).certificate());
  } else if (deed == Deed::set_password) {
    call.password = ++account.numbers;
    sent = exchange_.run({"password", "set", account.username, "--password-file", "-"},
                         password_of(account, call.password));
  } else if (deed == Deed::command_revoke) {
    sent = exchange_.run({"revoke", account.username, "--reason", "no_longer_valid"}, "");
  } else {
    sent = exchange_.run({"account", "restore", account.username, "--yes"}, "");
  }
  take(account, call, sent, before);
}

std::optional<int> Client::respond(Account& account, Deed deed) {
  const auth::openpgp::rnp::Silence silence;
  AccountCall call{Deed::challenge};
  call.response = ++account.numbers;
  Response response{deed, -1, kTextType, "", machine_.clock().read()};
  Json wanted = Json::object().set("username", account.username);
  if (deed == Deed::rotate) {
    response.key = ++account.numbers;
    wanted.set("purpose", "rotate").set("new_public_key", key_of(account, response.key).certificate());
  }
  if (deed == Deed::revoke) wanted.set("purpose", "revoke").set("reason", "key_retired");
  Outcome sent = ask("POST", "/v1/challenge", type_line(kJsonType), write_json(wanted), 200);
  std::string statement;
  for (const int key : account.beliefs.keys()) {
    if (sent.answer != Answer::accepted || !statement.empty()) break;
    statement = open_or_nothing(key_of(account, key), sent.body);
    call.key = key;
  }
  if (sent.answer == Answer::accepted && statement.empty()) {
    call.key = -1;
    sent.answer = Answer::refused;
  }
  if (take(account, call, sent, response.asked) != Answer::accepted) return std::nullopt;
  response.body = key_of(account, call.key).clear_sign(statement, response.asked.ahead);
  if (deed == Deed::rotate) {
    const OpenPgpKey& next = key_of(account, response.key);
    response.content_type = kJsonType;
    response.body = write_json(Json::object()
                                   .set("response", response.body)
                                   .set("new_response", next.clear_sign(statement, response.asked.ahead))
                                   .set("public_key", next.certificate()));
  }
  account.responses[call.response] = std::move(response);
  return call.response;
}

AccountCall Client::call_of(Account& account, int response, const SetClock::Reading& before) const {
  const Response& sent = account.responses.at(response);
  AccountCall call{sent.deed};
  call.response = response;
  call.key = sent.key;
  if (sent.deed == Deed::login) call.session = ++account.numbers;
  call.fresh = SetClock::between(sent.asked, before).steady;
  return call;
}

void Client::send_response(Account& account, int response) {
  const Response& sent = account.responses.at(response);
  const auto before = machine_.clock().read();
  AccountCall call = call_of(account, response, before);
  const Outcome got = ask("POST", path_of(sent.deed), type_line(sent.content_type), sent.body, success_of(sent.deed));
  call.fresh = call.fresh && SetClock::between(before, machine_.clock().read()).steady;
  if (take(account, call, got, before) == Answer::accepted && sent.deed == Deed::login) keep_token(account, call, got);
}

void Client::send_response_twice(Account& account, int response) {
  const Response& sent = account.responses.at(response);
  const std::string request = http_request("POST", path_of(sent.deed), type_line(sent.content_type), sent.body);
  const auto before = machine_.clock().read();
  std::array<Outcome, Machine::kServers> got;
  std::thread other([&] { got[1] = exchange_.ask(1, request, success_of(sent.deed)); });
  got[0] = exchange_.ask(0, request, success_of(sent.deed));
  other.join();
  tally_.count("posted twice at once");
  // In the order in which they can have happened: one without an answer may be why the other was refused.
  const auto rank = [](const Outcome& one) {
    return one.answer == Answer::none ? 0 : one.answer == Answer::accepted ? 1 : 2;
  };
  std::stable_sort(got.begin(), got.end(), [&](const Outcome& a, const Outcome& b) { return rank(a) < rank(b); });
  for (const Outcome& one : got) {
    AccountCall call = call_of(account, response, before);
    call.fresh = call.fresh && SetClock::between(before, machine_.clock().read()).steady;
    if (take(account, call, one, before) == Answer::accepted) keep_token(account, call, one);
  }
}

void Client::list() {
  const Outcome sent = exchange_.run({"account", "list", "--limit", "10000", "--json"}, "");
  tally_.count("account list");
  if (sent.answer != Answer::accepted) return;
  const Json listed = json_of(sent.body);
  std::map<std::string, std::string> states;
  for (const Json& account : *listed.find("accounts")->items()) {
    states[field(account, "username")] = field(account, "state");
  }
  for (Account& account : accounts_) {
    const auto found = states.find(account.username);
    const std::string wrong = account.beliefs.take_listed(found == states.end() ? "absent" : found->second);
    if (!wrong.empty()) violate(account, wrong);
  }
}

void Client::act() {
  Account& account = accounts_[static_cast<std::size_t>(any(static_cast<int>(accounts_.size())))];
  forget_old(account);
  if (account.beliefs.must_be_absent()) return command(account, Deed::add);
  if (account.beliefs.passwords().empty() && any(2) == 0) return command(account, Deed::set_password);
  if (account.beliefs.may_be_revoked() && any(3) == 0) return command(account, Deed::command_restore);
  // What differs in sessions that are over by their time is told apart by what ends them all.
  if (account.beliefs.size() > kBeliefsMax && any(4) == 0) {
    return any(2) == 0 ? list() : command(account, Deed::set_password);
  }
  const int chance = any(100);
  if (chance < 50) return act_on_sessions(account);
  if (chance < 58) {
    const auto passwords = account.beliefs.passwords();
    // One that was valid, or never was.
    const bool right = any(3) != 0 && !passwords.empty();
    return call_by_password(account, Deed::password_login, right ? any_of(passwords) : any(account.numbers + 1));
  }
  act_on_keys(account);
}

void Client::act_on_sessions(Account& account) {
  const std::set<int> live = account.beliefs.live_sessions();
  std::vector<int> known;
  for (const auto& [session, token] : account.tokens) known.push_back(session);
  if (known.empty()) return;
  // Some of those that ended are asked for, too.
  const int session = live.empty() || any(5) == 0 ? any_of(known) : any_of(live);
  const bool undecided = account.beliefs.size() > kBeliefsMax;
  const int chance = undecided ? 0 : any(100);
  Deed deed = Deed::check;
  // A token that was replaced is refreshed again by whoever missed the answer, nobody else.
  if (chance >= 60 && chance < 78 && live.contains(session)) deed = Deed::refresh;
  if (chance >= 78) deed = chance < 96 || live.size() > kLiveSessionsMax ? Deed::end : Deed::end_all;
  call_by_session(account, deed, session);
}

void Client::act_on_keys(Account& account) {
  const bool undecided = account.beliefs.size() > kBeliefsMax;
  const int chance = undecided ? 0 : any(100);
  const auto passwords = account.beliefs.passwords();
  if (chance >= 60 && chance < 75 && !account.responses.empty()) {
    tally_.count("replayed response");
    return send_response(account, any_of(account.responses).first);
  }
  if (chance >= 84 && chance < 90 && !passwords.empty()) {
    return call_by_password(account, Deed::change_password, any(4) == 0 ? any(account.numbers + 1) : any_of(passwords));
  }
  if (chance >= 90 && chance < 92) return command(account, Deed::set_password);
  if (chance >= 92 && chance < 93) return command(account, Deed::command_revoke);
  if (chance >= 93 && chance < 94) return list();
  const Deed deed = chance < 75 || chance >= 94 ? Deed::login : chance < 82 ? Deed::rotate : Deed::revoke;
  const auto response = respond(account, deed);
  if (!response) return;
  if (deed == Deed::login && any(8) == 0) return send_response_twice(account, *response);
  send_response(account, *response);
}

void Client::forget_old(Account& account) {
  const std::set<int> live = account.beliefs.live_sessions();
  for (auto token = account.tokens.begin(); token != account.tokens.end();) {
    if (account.tokens.size() <= kKept + live.size()) break;
    if (live.contains(token->first)) {
      ++token;
      continue;
    }
    account.beliefs.forget_session(token->first);
    token = account.tokens.erase(token);
  }
  while (account.responses.size() > kKept) {
    account.beliefs.forget_response(account.responses.begin()->first);
    account.responses.erase(account.responses.begin());
  }
  const std::vector<int> keys = account.beliefs.keys();
  std::erase_if(account.keys, [&](const auto& key) {
    const bool wanted = std::any_of(account.responses.begin(), account.responses.end(),
                                    [&](const auto& response) { return response.second.key == key.first; });
    return !wanted && std::find(keys.begin(), keys.end(), key.first) == keys.end();
  });
}

void Client::verify() {
  list();
  for (Account& account : accounts_) {
    if (account.beliefs.must_be_absent()) continue;
    for (const auto& [session, token] : std::map(account.tokens)) call_by_session(account, Deed::check, session);
    for (const auto& [response, sent] : std::map(account.responses)) send_response(account, response);
    for (const int password : account.beliefs.passwords()) {
      call_by_password(account, Deed::password_login, password);
    }
    call_by_password(account, Deed::password_login, ++account.numbers);
    if (account.beliefs.may_be_revoked()) command(account, Deed::command_restore);
    if (const auto response = respond(account, Deed::login)) {
      send_response(account, *response);
      send_response(account, *response);
    }
    // Of one that is over by its time, nothing can tell whether it had ended before.
    for (const auto& [session, token] : std::map(account.tokens)) {
      const Answer answer = call_by_session(account, Deed::check, session);
      if (answer == Answer::refused) account.beliefs.forget_session(session);
    }
    for (const auto& [response, sent] : account.responses) account.beliefs.forget_response(response);
    if (account.beliefs.size() != 1) violate(account, "an answer was missing with no fault");
  }
}

}  // namespace countersign::test
