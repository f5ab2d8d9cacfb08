#include "tests/support/account_model.hpp"

#include <fmt/format.h>

namespace countersign::test {

using auth::records::PasswordScheme;
using auth::records::Purpose;
using State = AccountModel::State;

namespace {

constexpr const char* kDenied = "denied";
constexpr const char* kConflict = "conflict";
constexpr const char* kNotFound = "not_found";
constexpr const char* kMalformed = "malformed";

std::string_view name_of(State state) {
  switch (state) {
    case State::absent:
      return "absent";
    case State::active:
      return "active";
    case State::revoked:
      return "revoked";
    case State::deleted:
      return "deleted";
  }
  return "";
}

// One call on one model.
class Step {
 public:
  Step(Model& model, const Call& call) : model_(model), call_(call), account_(model.accounts.at(index())) {}

  std::string show() const {
    if (account_.state == State::absent) return kNotFound;
    return fmt::format("ok {} {} password {}{}{}", name_of(account_.state), at(),
                       auth::records::name_of(account_.scheme), account_.managed ? " managed" : "",
                       account_.escrowed ? " escrowed" : "");
  }

  std::string issue() const {
    if (call_.purpose == Purpose::enrol) return fmt::format("ok epoch {} key {}", next_epoch(), call_.key);
    return is_active() ? "ok " + at() : "ok decoy";
  }

  std::string add(bool by_statement) {
    if (by_statement && is_consumed()) return kDenied;
    // An administrator brings the certificate of the account's own key again; it says nothing new.
    const bool again = !by_statement && is_active() && account_.key == call_.key && call_.password == kNone;
    if (again) return "ok " + at();
    if (is_active() || account_.state == State::revoked) return kConflict;
    const int key = by_statement ? call_.challenge.key : call_.key;
    if (model_.holders.contains(key)) return kConflict;
    const std::uint64_t epoch = next_epoch();
    if (by_statement && call_.challenge.epoch != epoch) return kDenied;
    if (by_statement) model_.consumed.insert(call_.challenge.number);
    begin(key, epoch);
    if (call_.password != kNone) take_password(call_.password);
    return "ok " + at();
  }
  std::string add_managed() {
    if (is_active() || account_.state == State::revoked) return kConflict;
    begin(call_.key, next_epoch());
    take_password(call_.password);
    account_.managed = account_.escrowed = true;
    return "ok " + at();
  }

  std::string import() {
    if (account_.state != State::absent || model_.holders.contains(call_.key)) return "ok not taken over";
    begin(call_.key, 0);
    account_.scheme = PasswordScheme::lthn;
    account_.password = call_.password;
    return "ok taken over";
  }

  std::string log_in() {
    if (!proves()) return kDenied;
    model_.consumed.insert(call_.challenge.number);
    return open();
  }
  std::string log_in_by_password() {
    if (!knows_password()) return kDenied;
    account_.scheme = PasswordScheme::argon2id;  // a legacy hash is replaced by the login
    return open();
  }

  std::string change_password(bool by_statement) {
    if (!(by_statement ? proves() : knows_password())) return kDenied;
    if (by_statement) model_.consumed.insert(call_.challenge.number);
    take_password(call_.next);
    ++account_.epoch;
    return "ok";
  }
  std::string set_password() {
    if (const std::string no = refused_to_administrator(); !no.empty()) return no;
    take_password(call_.next);
    ++account_.epoch;
    return "ok";
  }
  std::string remove_password() {
    if (const std::string no = refused_to_administrator(); !no.empty()) return no;
    if (account_.scheme == PasswordScheme::none) return kNotFound;
    drop_password();
    ++account_.epoch;
    return "ok";
  }

  std::string rotate(bool by_statement) {
    if (!by_statement && account_.state == State::absent) return kNotFound;
    if (by_statement ? !proves() : !is_active()) return kDenied;
    const int next = by_statement ? call_.challenge.next_key : call_.key;
    if (model_.holders.contains(next)) return kConflict;
    if (by_statement) model_.consumed.insert(call_.challenge.number);
    take_key(next);
    ++account_.epoch;
    return "ok " + at();
  }

  std::string rotate_by_password() { return knows_password() && account_.managed ? take_made_key() : kDenied; }
  std::string rotate_managed() {
    if (account_.state == State::absent) return kNotFound;
    return is_active() ? take_made_key() : kDenied;
  }
  std::string hand_out_key() {
    if (!knows_password() || !account_.escrowed) return kDenied;
    account_.scheme = PasswordScheme::argon2id;
    return fmt::format("ok key {}", account_.key);
  }

  std::string revoke() {
    if (account_.state == State::absent) return kNotFound;
    return is_active() ? withdraw() : kDenied;
  }
  std::string revoke_by_statement() {
    if (!proves()) return kDenied;
    model_.consumed.insert(call_.challenge.number);
    return withdraw();
  }
  std::string revoke_by_certificate() {
    if (!is_active() || account_.key != call_.key) return kDenied;
    account_.key_says_revoked = true;
    return withdraw();
  }
  std::string revoke_by_password() { return knows_password() ? withdraw() : kDenied; }
  std::string restore() {
    if (account_.state == State::absent) return kNotFound;
    if (account_.state != State::revoked) return kConflict;
    if (call_.key == kNone && account_.key_says_revoked) return kMalformed;
    if (call_.key != kNone && model_.holders.contains(call_.key)) return kConflict;
    if (call_.key != kNone) take_key(call_.key);
    account_.state = State::active;
    ++account_.epoch;
    return "ok " + at();
  }
  std::string delete_account() {
    if (account_.state == State::absent) return kNotFound;
    if (account_.state == State::deleted) return kDenied;
    // A key that was revoked stays out of everybody's reach.
    if (is_active()) model_.holders.erase(account_.key);
    account_.state = State::deleted;
    account_.managed = account_.escrowed = false;
    drop_password();
    ++account_.epoch;
    return "ok " + at();
  }

  std::string admit() const {
    const int session = session_opened_by_token();
    return session == kNone ? kDenied : fmt::format("ok session {}", session);
  }
  std::string refresh() {
    const auto found = model_.tokens.find(call_.token);
    if (found == model_.tokens.end() || !is_alive(found->second)) return kDenied;
    SessionModel& session = model_.sessions.at(found->second);
    model_.tokens[call_.number] = found->second;
    session.token = call_.number;
    return fmt::format("ok session {}", found->second);
  }
  std::string end() {
    const int session = session_opened_by_token();
    if (session == kNone) return kDenied;
    end_session(session);
    return "ok";
  }
  std::string end_one() {
    const auto found = model_.sessions.find(call_.session);
    if (found == model_.sessions.end() || found->second.token == kNone) return kNotFound;
    end_session(call_.session);
    return "ok";
  }
  std::string end_all() {
    if (account_.state == State::absent) return kNotFound;
    ++account_.epoch;
    return "ok";
  }

 private:
  std::size_t index() const { return static_cast<std::size_t>(call_.who); }
  bool is_active() const { return account_.state == State::active; }
  bool is_consumed() const { return model_.consumed.contains(call_.challenge.number); }
  bool proves() const {
    return is_active() && account_.epoch == call_.challenge.epoch && account_.key == call_.challenge.key &&
           !is_consumed();
  }
  bool knows_password() const {
    return is_active() && account_.scheme != PasswordScheme::none && account_.password == call_.password;
  }
  std::string refused_to_administrator() const {
    if (account_.state == State::absent || account_.state == State::deleted) return kNotFound;
    return is_active() ? "" : kDenied;
  }
  std::uint64_t next_epoch() const { return account_.state == State::deleted ? account_.epoch + 1 : 0; }
  std::string at() const { return fmt::format("epoch {} key {}", account_.epoch, account_.key); }

  void begin(int key, std::uint64_t epoch) {
    account_ = AccountModel();
    account_.state = State::active;
    account_.epoch = epoch;
    take_key(key);
  }
  void take_key(int key) {
    account_.key = key;
    account_.key_says_revoked = account_.managed = account_.escrowed = false;
    model_.holders[key] = call_.who;
  }
  // One that was escrowed is followed by one that is.
  std::string take_made_key() {
    const bool escrowed = account_.escrowed;
    take_key(call_.key);
    take_password(call_.next);
    account_.managed = true;
    account_.escrowed = escrowed;
    ++account_.epoch;
    return "ok " + at();
  }
  void take_password(int password) {
    account_.scheme = PasswordScheme::argon2id;
    account_.password = password;
  }
  void drop_password() {
    account_.scheme = PasswordScheme::none;
    account_.password = kNone;
  }
  std::string withdraw() {
    account_.state = State::revoked;
    account_.escrowed = false;
    ++account_.epoch;
    return fmt::format("ok key {}", account_.key);
  }

  std::string open() {
    model_.sessions[call_.number] = {call_.who, account_.epoch, call_.number};
    model_.tokens[call_.number] = call_.number;
    return fmt::format("ok session {} epoch {}", call_.number, account_.epoch);
  }
  bool is_alive(int number) const {
    const SessionModel& session = model_.sessions.at(number);
    const AccountModel& account = model_.accounts.at(static_cast<std::size_t>(session.who));
    return session.token != kNone && account.state == State::active && account.epoch == session.epoch;
  }
  int session_opened_by_token() const {
    const auto found = model_.tokens.find(call_.token);
    if (found == model_.tokens.end() || !is_alive(found->second)) return kNone;
    return model_.sessions.at(found->second).token == call_.token ? found->second : kNone;
  }
  void end_session(int number) {
    SessionModel& session = model_.sessions.at(number);
    model_.tokens.erase(session.token);
    session.token = kNone;
  }

  Model& model_;
  const Call& call_;
  AccountModel& account_;
};

}  // namespace

std::string Model::step(const Call& call) {
  Step step(*this, call);
  switch (call.deed) {
    case Deed::show:
      return step.show();
    case Deed::issue:
      return step.issue();
    case Deed::add:
      return step.add(false);
    case Deed::add_managed:
      return step.add_managed();
    case Deed::import:
      return step.import();
    case Deed::enrol:
      return step.add(true);
    case Deed::log_in:
      return step.log_in();
    case Deed::log_in_by_password:
      return step.log_in_by_password();
    case Deed::change_password:
      return step.change_password(false);
    case Deed::change_password_by_statement:
      return step.change_password(true);
    case Deed::set_password:
      return step.set_password();
    case Deed::remove_password:
      return step.remove_password();
    case Deed::rotate:
      return step.rotate(false);
    case Deed::rotate_by_statement:
      return step.rotate(true);
    case Deed::rotate_by_password:
      return step.rotate_by_password();
    case Deed::rotate_managed:
      return step.rotate_managed();
    case Deed::hand_out_key:
      return step.hand_out_key();
    case Deed::revoke:
      return step.revoke();
    case Deed::revoke_by_statement:
      return step.revoke_by_statement();
    case Deed::revoke_by_certificate:
      return step.revoke_by_certificate();
    case Deed::revoke_by_password:
      return step.revoke_by_password();
    case Deed::restore:
      return step.restore();
    case Deed::delete_account:
      return step.delete_account();
    case Deed::admit:
      return step.admit();
    case Deed::refresh:
      return step.refresh();
    case Deed::end:
      return step.end();
    case Deed::end_one:
      return step.end_one();
    case Deed::end_all:
      return step.end_all();
  }
  return "";
}

}  // namespace countersign::test
