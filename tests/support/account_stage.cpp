#include "tests/support/account_stage.hpp"

#include <fmt/format.h>

#include "auth/base/account_id.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "tests/support/own_signatures.hpp"
#include "tests/support/quick_keys.hpp"

namespace countersign::test {

using namespace auth;

namespace {

// What restore() takes back. Audit, withdrawals and whatever else only grows goes on.
constexpr std::array<std::string_view, 5> kAccountFolders = {"users/", "keys/", "sessions/", "sessions-of/",
                                                             "consumed/"};

// A hash that is none, so that a thousand of them cost nothing.
Result<Secret> hash_quickly(const passwords::HashRequest& request, passwords::Arena&) {
  return Secret(hmac_sha256(request.password, request.salt));
}

passwords::Password password_numbered(int password) {
  return password_of(password_text(password));
}

accounts::NewAccount new_account(const Call& call) {
  accounts::NewAccount request{username_of(call.who), key_holder(call.key).certificate(), false, std::nullopt};
  if (call.password != kNone) request.password = password_numbered(call.password);
  return request;
}

// What the network is shown, or an administrator.
std::string refusal_of(const Error& error, bool by_network) {
  return std::string(name_of(by_network ? public_face_of(error.code) : face_of(error.code)));
}
template <class T>
std::string plain(const Result<T>& result, bool by_network) {
  return result ? "ok" : refusal_of(result.error(), by_network);
}

Deed redeemed_by(records::Purpose purpose) {
  switch (purpose) {
    case records::Purpose::login:
      return Deed::log_in;
    case records::Purpose::enrol:
      return Deed::enrol;
    case records::Purpose::rotate:
      return Deed::rotate_by_statement;
    case records::Purpose::revoke:
      return Deed::revoke_by_statement;
    case records::Purpose::password:
      return Deed::change_password_by_statement;
  }
  return Deed::log_in;
}

}  // namespace

const Person& key_holder(int key) {
  static const std::vector<Person> ring = [] {
    std::vector<Person> people;
    for (int i = 0; i < kKeys; ++i) people.emplace_back(fmt::format("key{}", i), openpgp::KeyKind::ed25519_cv25519);
    return people;
  }();
  return ring.at(static_cast<std::size_t>(key));
}

std::string password_text(int password) {
  return fmt::format("password {}", password);
}

std::string username_of(int who) {
  return who == 0 ? "alice" : "bob";
}

AccountStage::AccountStage(storage::Medium& store) : recorder_(store), house_(settings(), &recorder_) {}

HouseSettings AccountStage::settings() {
  HouseSettings settings;
  settings.policies.registration = auth::Registration::open;
  settings.policies.rate_limit = false;
  settings.hasher.at_once = 1;
  settings.hasher.queue_max = 64;
  settings.hasher.compute = hash_quickly;
  settings.open_engine = [this](const Secret& key) -> Result<std::unique_ptr<openpgp::OpenPgp>> {
    const auto note = [this](const openpgp::GeneratedKey& made) {
      const std::lock_guard lock(mutex_);
      papers_.made_keys.push_back(std::make_shared<const openpgp::GeneratedKey>(made));
    };
    return std::unique_ptr<openpgp::OpenPgp>(
        std::make_unique<QuickKeys>(TRY(openpgp::rnp::RnpOpenPgp::open(key)), note));
  };
  return settings;
}

std::unique_ptr<Authenticator> AccountStage::open(storage::Medium& medium, const std::string& writer) {
  return must(house_.another(medium, writer));
}

void AccountStage::put_back(const Scene& scene, std::span<const std::string_view> folders) {
  storage::Batch batch;
  for (const std::string_view folder : folders) {
    for (const std::string& name : names_in(recorder_, folder, 500)) {
      if (!scene.records.contains(name)) batch.erase(name);
    }
    for (auto at = scene.records.lower_bound(std::string(folder)); at != scene.records.end(); ++at) {
      if (!at->first.starts_with(folder)) break;
      batch.put(at->first, as_bytes(at->second));
    }
  }
  must(recorder_.commit(batch));
  static_cast<void>(recorder_.take());
  const std::lock_guard lock(mutex_);
  papers_ = scene.papers;
}

void AccountStage::restore(const Scene& scene) {
  put_back(scene, kAccountFolders);
}

void AccountStage::restore_all(const Scene& scene) {
  constexpr std::array<std::string_view, 1> kAll = {""};
  put_back(scene, kAll);
}

Call AccountStage::numbered(Deed deed, int who) {
  const std::lock_guard lock(mutex_);
  Call call;
  call.deed = deed;
  call.number = papers_.calls++;
  call.who = who;
  return call;
}

Call AccountStage::redeeming(records::Purpose purpose, int response) {
  Call call = numbered(redeemed_by(purpose));
  const std::lock_guard lock(mutex_);
  const Papers::Answered& paper = papers_.responses.at(response);
  call.who = paper.who;
  call.challenge = paper.facts;
  return call;
}

Call AccountStage::using_token(Deed deed, int token) {
  Call call = numbered(deed);
  const std::lock_guard lock(mutex_);
  const Papers::Token& paper = papers_.tokens.at(token);
  call.who = paper.who;
  if (deed == Deed::end_one) {
    call.session = paper.session;
  } else {
    call.token = token;
  }
  return call;
}

void AccountStage::record(Authenticator& server, Call call) {
  recorder_.record(std::move(call), [&](Call& recorded) { act(server, recorded); });
}

AccountStage::Judged AccountStage::judge(const Model& before, Authenticator& server) {
  const auto events = recorder_.take();
  Verdict verdict = judge_history(before, events);
  std::string history = to_text(events);
  if (verdict.faults.empty()) {
    for (const int who : {0, 1}) {
      record(server, numbered(Deed::show, who));
      Call call = numbered(Deed::log_in_by_password, who);
      call.password = verdict.after.accounts[static_cast<std::size_t>(who)].password;
      if (call.password != kNone) record(server, call);
      call.deed = Deed::hand_out_key;
      if (verdict.after.accounts[static_cast<std::size_t>(who)].escrowed) record(server, call);
    }
    for (const auto& [token, paper] : papers().tokens) record(server, using_token(Deed::admit, token));
    const auto looks = recorder_.take();
    verdict.faults = judge_history(verdict.after, looks).faults;
    history += "afterwards:\n" + to_text(looks);
  }
  return {std::move(verdict), std::move(history)};
}

void AccountStage::act(Authenticator& server, Call& call) {
  call.answer = answer(server, call);
}

AccountStage::Answer AccountStage::answer(Authenticator& server, Call& call) {
  const records::AccountName name{username_of(call.who), ""};
  const std::string id = account_id_of(name.username);
  Roles& roles = server.roles();
  const Visit by_http{Arrival::http, source_of_call()};
  const Visit by_hand{Arrival::local, source_of_call()};
  const auto response = [&] { return response_of(call.challenge.number).response; };
  const auto certificate = [&] { return call.key == kNone ? "" : key_holder(call.key).certificate(); };
  switch (call.deed) {
    case Deed::show:
      return show(server, id);
    case Deed::issue:
      return issue(server, call);
    case Deed::add:
      return account_answer(roles.enrolment.add(new_account(call), by_hand).map(&accounts::Enrolled::account), false);
    case Deed::add_managed:
      return managed_answer(
          call, roles.enrolment.add_managed({name.username, password_numbered(call.password), true, false}, by_hand),
          false);
    case Deed::import:
      return import(server, call);
    case Deed::enrol:
      return account_answer(roles.enrolment.enrol(response(), key_holder(call.challenge.key).certificate(), by_http)
                                .map(&accounts::Enrolled::account),
                            true);
    case Deed::log_in: {
      const auto opened = roles.login.redeem(response(), by_http);
      return opened ? opened_answer(call, *opened->opened) : refusal_of(opened.error(), true);
    }
    case Deed::log_in_by_password:
      return opened_answer(call, roles.passwords.log_in(name, password_numbered(call.password), by_http));
    case Deed::change_password:
      return plain(
          roles.passwords.change(id_of(name), password_numbered(call.password), password_numbered(call.next), by_http),
          true);
    case Deed::change_password_by_statement:
      return plain(roles.passwords.change(response(), password_numbered(call.next), by_http), true);
    case Deed::set_password:
      return plain(roles.passwords.set(id_of(name), password_numbered(call.next), by_hand), false);
    case Deed::remove_password:
      return plain(roles.passwords.remove(id_of(name), by_hand), false);
    case Deed::rotate:
      return account_answer(roles.rotation.by_administrator(id, certificate(), by_hand), false);
    case Deed::rotate_by_statement: {
      const auto paper = response_of(call.challenge.number);
      const auto& next = key_holder(call.challenge.next_key).certificate();
      return account_answer(roles.rotation.by_statement({paper.response, paper.by_next_key, next}, by_http), true);
    }
    case Deed::rotate_by_password:
      return managed_answer(call,
                            roles.rotation.by_password(id_of(name), password_numbered(call.password),
                                                       password_numbered(call.next), by_http),
                            true);
    case Deed::rotate_managed:
      return managed_answer(
          call, roles.rotation.managed_by_administrator(id, password_numbered(call.next), false, by_hand), false);
    case Deed::hand_out_key:
      return handed_out_answer(roles.escrow.by_password(id_of(name), password_numbered(call.password), by_http));
    case Deed::revoke:
      return revoked_answer(roles.revocation.by_administrator(id, "key_retired", "", by_hand), false);
    case Deed::revoke_by_statement:
      return revoked_answer(roles.revocation.by_statement(response(), by_http), true);
    case Deed::revoke_by_certificate:
      return revoked_answer(roles.revocation.by_certificate(id, own_revocation_of(key_holder(call.key)), by_http),
                            true);
    case Deed::revoke_by_password:
      return revoked_answer(
          roles.revocation.by_password(id_of(name), password_numbered(call.password), "key_retired", "", by_http),
          true);
    case Deed::restore:
      return account_answer(roles.revocation.restore(id, certificate(), by_hand), false);
    case Deed::delete_account:
      return account_answer(roles.deletion.by_administrator(id, by_hand), false);
    case Deed::admit: {
      const auto session = roles.sessions.admit(token_of(call).text, by_http);
      return session ? session_answer(token_of(call).session, *session) : refusal_of(session.error(), true);
    }
    case Deed::refresh:
      return refresh(server, call);
    case Deed::end:
      return plain(roles.sessions.end(token_of(call).text, by_http), true);
    case Deed::end_one:
      return plain(roles.sessions.end_one(id, session_id_of(call.session), by_hand), false);
    case Deed::end_all:
      return plain(roles.sessions.end_all(id, by_hand), false);
  }
  return "";
}

AccountStage::Answer AccountStage::show(Authenticator& server, const std::string& id) {
  const auto view = server.roles().accounts.show(id);
  if (!view) return refusal_of(view.error(), false);
  const records::Account& account = view->account;
  return fmt::format("ok {} epoch {} key {} password {}{}{}", name_of(account.state), account.epoch,
                     key_of(account.fingerprint), name_of(password_scheme_of(account)),
                     account.managed ? " managed" : "",
                     account.parts.contains(records::AccountPart::escrowed_key) ? " escrowed" : "");
}

AccountStage::Answer AccountStage::refresh(Authenticator& server, const Call& call) {
  const Papers::Token token = token_of(call);
  const auto refreshed = server.roles().sessions.refresh(token.text, {Arrival::http, source_of_call()});
  if (!refreshed) return refusal_of(refreshed.error(), true);
  {
    const std::lock_guard lock(mutex_);
    papers_.tokens[call.number] = {refreshed->token, token.who, token.session};
  }
  return session_answer(token.session, refreshed->session);
}

AccountStage::Answer AccountStage::issue(Authenticator& server, const Call& call) {
  proving::ChallengeRequest request;
  request.name.username = username_of(call.who);
  request.purpose = call.purpose;
  if (call.purpose == records::Purpose::enrol) request.public_key = key_holder(call.key).certificate();
  if (call.purpose == records::Purpose::rotate) request.new_public_key = key_holder(call.key).certificate();
  if (call.purpose == records::Purpose::revoke) request.reason = "key_retired";
  const auto issued = server.roles().issuing.issue(request, {Arrival::http, source_of_call()});
  if (!issued) return refusal_of(issued.error(), true);
  const std::string text = house_.engine().sealed_in(issued->message).text;
  const std::string sealed = must(records::parse_statement(text)).challenge;
  const records::Challenge challenge = must(records::open_challenge(sealed, house_.secrets())).challenge;
  const int key = key_of(challenge.key);
  if (key == kNone) return "ok decoy";
  Papers::Answered paper;
  paper.purpose = call.purpose;
  paper.who = call.who;
  paper.facts = {call.number, challenge.epoch, key, call.purpose == records::Purpose::rotate ? call.key : kNone};
  paper.response = sign(key, sealed, text);
  if (call.purpose == records::Purpose::rotate) paper.by_next_key = sign(call.key, sealed, text);
  const std::lock_guard lock(mutex_);
  papers_.responses[call.number] = std::move(paper);
  return fmt::format("ok epoch {} key {}", challenge.epoch, key);
}

AccountStage::Answer AccountStage::opened_answer(const Call& call, const Result<sessions::RefreshedSession>& result) {
  if (!result) return refusal_of(result.error(), true);
  const std::lock_guard lock(mutex_);
  papers_.tokens[call.number] = {result->token, call.who, call.number};
  papers_.sessions[call.number] = result->session.id;
  return fmt::format("ok session {} epoch {}", call.number, result->session.epoch);
}

AccountStage::Answer AccountStage::session_answer(int session, const records::Session& found) {
  return found.id == session_id_of(session) ? fmt::format("ok session {}", session) : "ok another's session";
}

proving::Response AccountStage::sign(int key, const std::string& sealed, const std::string& text) {
  const auto sign_by = [&](const Person& person) {
    return proving::Response{sealed, person.sign(text, house_.clock.now()), openpgp::SignatureForm::detached};
  };
  if (key < kMadeKeys) return sign_by(key_holder(key));
  return sign_by(Person("managed", *papers().made_keys.at(static_cast<std::size_t>(key - kMadeKeys))));
}

AccountStage::Answer AccountStage::account_answer(const Result<records::Account>& result, bool by_network) {
  if (!result) return refusal_of(result.error(), by_network);
  return fmt::format("ok epoch {} key {}", result->epoch, key_of(result->fingerprint));
}

AccountStage::Answer AccountStage::managed_answer(Call& call, const Result<keys::ManagedAccount>& result,
                                                  bool by_network) {
  if (!result) return refusal_of(result.error(), by_network);
  call.key = key_of(result->account.fingerprint);
  return account_answer(result->account, by_network);
}

AccountStage::Answer AccountStage::handed_out_answer(const Result<Secret>& armored) {
  if (!armored) return refusal_of(armored.error(), true);
  const auto packets = openpgp::gate::dearmor("PGP PRIVATE KEY BLOCK", armored->reveal_text());
  return packets ? fmt::format("ok key {}", key_of(must(openpgp::gate::fingerprint_of_secret_key(*packets))))
                 : "ok no key";
}

AccountStage::Answer AccountStage::revoked_answer(const Result<records::RevocationRecord>& result, bool by_network) {
  if (!result) return refusal_of(result.error(), by_network);
  return fmt::format("ok key {}", key_of(result->fingerprint));
}

int AccountStage::key_of(const Fingerprint& fingerprint) {
  for (int key = 0; key < kKeys; ++key) {
    if (key_holder(key).fingerprint() == fingerprint) return key;
  }
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const auto& made) { return made->fingerprint == fingerprint; };
  const auto found = std::find_if(papers_.made_keys.begin(), papers_.made_keys.end(), is_it);
  return found == papers_.made_keys.end() ? kNone : kMadeKeys + static_cast<int>(found - papers_.made_keys.begin());
}

Papers AccountStage::papers() {
  const std::lock_guard lock(mutex_);
  return papers_;
}

Papers::Answered AccountStage::response_of(int number) {
  const std::lock_guard lock(mutex_);
  return papers_.responses.at(number);
}

Papers::Token AccountStage::token_of(const Call& call) {
  const std::lock_guard lock(mutex_);
  return papers_.tokens.at(call.token);
}

std::string AccountStage::session_id_of(int session) {
  const std::lock_guard lock(mutex_);
  return papers_.sessions.at(session);
}

}  // namespace countersign::test
