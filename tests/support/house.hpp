// A whole Authenticator over a medium in memory, or over any other, with time, randomness and the engine in the test's
// hand. People hold real keys, made once a process. What cannot fail here throws if it does.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "auth/authenticator.hpp"
#include "auth/records/sealed_challenge.hpp"
#include "storage/memory_medium.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_rng.hpp"
#include "tests/support/media.hpp"
#include "tests/support/spy_openpgp.hpp"
#include "transport/operations/auth_operations.hpp"

namespace countersign::test {

// The name of the failure, or "ok": so that a failed check shows it.
template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "ok" : std::string(countersign::name_of(result.error().code));
}
// What a stranger is shown of it.
template <class T>
Face face_of_outcome(const Result<T>& result) {
  return public_face_of(result.error().code);
}
// The value, or an exception that names the failure.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(outcome(result) + ": " + result.error().detail);
  return *std::move(result);
}
inline void must(const Status& status) {
  if (!status) throw std::runtime_error(outcome(status) + ": " + status.error().detail);
}

// Somebody with a key. Any thread.
class Person {
 public:
  Person(std::string name, auth::openpgp::KeyKind kind);
  Person(std::string name, const auth::openpgp::GeneratedKey& key);
  const std::string& name() const { return name_; }
  std::string account() const;
  const std::string& certificate() const { return certificate_; }  // armored
  const auth::Fingerprint& fingerprint() const { return fingerprint_; }
  const Secret& secret_key() const { return secret_key_; }  // packets, unprotected
  // A detached signature of class 0x00, armored.
  std::string sign(std::string_view text, Instant at) const;

 private:
  std::string name_;
  std::string certificate_;
  auth::Fingerprint fingerprint_;
  Secret secret_key_;
  std::unique_ptr<auth::openpgp::OpenPgp> engine_;
};
const Person& alice();
const Person& bob();
const Person& carol();  // with a NIST P-256 key

auth::Visit by_http();
auth::Visit by_courier();
auth::Visit by_hand();

// Policies whose password hashes cost as little as is allowed.
auth::Policies quick_policies();
auth::passwords::Password password_of(std::string_view text);
// The account that is meant.
std::string id_of(const auth::records::AccountName& name);

struct HouseSettings {
  std::string server = "https://auth.example.org";
  std::string writer = "server";
  auth::Policies policies = quick_policies();
  auth::passwords::HasherSettings hasher = {};
  bool applies_revocations = false;  // as the command that does opens the store
  // With the server's key, or with an empty one; librnp where none is given.
  std::function<Result<std::unique_ptr<auth::openpgp::OpenPgp>>(const Secret&)> open_engine;
};

class House {
 public:
  // Founds a store on a medium of its own, or on `over`, which must be empty, and opens it.
  House() : House(HouseSettings(), nullptr) {}
  explicit House(storage::Medium& over) : House(HouseSettings(), &over) {}
  House(HouseSettings settings, storage::Medium* over);

  FakeClock clock;
  FakeRng rng;
  HouseSettings settings;

  storage::Medium& medium() { return *medium_; }
  SpyOpenPgp& engine() { return *spy_; }
  auth::Authenticator& auth() { return *auth_; }
  transport::Operations& operations() { return *operations_; }
  const auth::secrets::Secrets& secrets() const { return *secrets_; }
  const auth::secrets::RecordSeal& seal() const { return *seal_; }
  const std::filesystem::path& secrets_folder() const { return secrets_folder_; }
  const auth::Fingerprint& fingerprint() const { return fingerprint_; }

  // Another Authenticator on the same store and secrets, as another server or a command would be.
  Result<std::unique_ptr<auth::Authenticator>> another(storage::Medium& medium, const std::string& writer);
  // As after the end of the process and a new start; on `over` where that is given. The old one ends either way. The
  // engine has the key and certificate that the store then names.
  Status restart(storage::Medium* over = nullptr);

  auth::records::Account add(const Person& person);
  // A challenge for somebody, issued over the network or by hand.
  auth::proving::IssuedChallenge issue(const Person& person,
                                       auth::records::Transport transport = auth::records::Transport::http);
  auth::proving::IssuedChallenge issue_enrolment(const Person& person,
                                                 auth::records::Transport transport = auth::records::Transport::http);
  // The statement in a challenge message, signed now.
  auth::proving::Response answer(const Person& person, const auth::proving::IssuedChallenge& issued);
  auth::records::Account add(const Person& person, std::string_view password);
  // Issue, answer, redeem.
  auth::sessions::RefreshedSession log_in(const Person& person);
  // A grant's content, which only its owner's key opens.
  std::string open_grant(const std::string& grant) const { return spy_->sealed_in(grant).text; }

  // A challenge as this server would have sealed it; change it, and seal it again.
  auth::records::Challenge challenge_for(const Person& person, auth::records::Purpose purpose,
                                         auth::records::Transport transport);
  // Of a sealed challenge, as whoever opened it reads it.
  std::string statement_in(const std::string& sealed);
  auth::proving::Response answer_to(const Person& person, const auth::records::Challenge& challenge);

 private:
  ScratchFolder scratch_;
  storage::MemoryMedium memory_;
  storage::Medium* medium_;
  std::filesystem::path secrets_folder_;
  auth::Fingerprint fingerprint_;
  std::unique_ptr<auth::secrets::Secrets> secrets_;
  std::unique_ptr<auth::secrets::RecordSeal> seal_;
  std::unique_ptr<auth::openpgp::OpenPgp> engine_;
  std::unique_ptr<SpyOpenPgp> spy_;
  std::unique_ptr<auth::openpgp::KeyHome> key_home_;
  std::unique_ptr<auth::Authenticator> auth_;
  std::unique_ptr<transport::AuthOperations> operations_;
};

// Everything a medium holds, by name.
std::map<std::string, std::string> contents_of(storage::Medium& medium);
// The newest audit record of the server: `decision: detail`.
std::string newest_audit(House& house);
// Of a store's contents: an audit record of a restore?
bool is_record_of_restore(const std::pair<const std::string, std::string>& one);
// Puts a copy of everything into another medium, which must be empty.
void copy_all(storage::Medium& from, storage::Medium& to);

// A message that a carrier would hand in.
transport::Message message_of(std::string_view operation, transport::Carrier carrier);
// The same done, over HTTP from an address, with a token where one is given.
Result<Json> run_from(House& house, const std::string& source, std::string_view operation, const Json& fields,
                      const Secret& token = Secret());
Json fields_of(const auth::proving::Response& response);

}  // namespace countersign::test
