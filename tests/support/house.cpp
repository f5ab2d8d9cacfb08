#include "tests/support/house.hpp"

#include "auth/base/account_id.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/openpgp/rnp/key_file.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/secrets/server_key_file.hpp"
#include "auth/upkeep/founding.hpp"

namespace countersign::test {

using namespace auth;

namespace {

constexpr Instant kBirthOfKeys{Seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z
constexpr const char* kSecretKeyLabel = "PGP PRIVATE KEY BLOCK";

std::unique_ptr<openpgp::OpenPgp> engine_with(const Secret& secret_key) {
  return must(openpgp::rnp::RnpOpenPgp::open(secret_key));
}

Secret packets_of(const Secret& armored) {
  Bytes packets = must(openpgp::gate::dearmor(kSecretKeyLabel, armored.reveal_text()));
  return Secret::take(packets);
}

}  // namespace

Person::Person(std::string name, openpgp::KeyKind kind)
    : Person(name, must(engine_with(Secret())->generate({kind, name + " <" + name + "@example.org>", kBirthOfKeys}))) {}

Person::Person(std::string name, const openpgp::GeneratedKey& key)
    : name_(std::move(name)),
      certificate_(openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", key.certificate)),
      fingerprint_(key.fingerprint),
      secret_key_(key.secret_key),
      engine_(engine_with(key.secret_key)) {}

std::string Person::account() const {
  return account_id_of(name_);
}
std::string Person::sign(std::string_view text, Instant at) const {
  return must(engine_->sign(text, at));
}

const Person& alice() {
  static const Person person("alice", openpgp::KeyKind::ed25519_cv25519);
  return person;
}
const Person& bob() {
  static const Person person("bob", openpgp::KeyKind::ed25519_cv25519);
  return person;
}
const Person& carol() {
  static const Person person("carol", openpgp::KeyKind::nistp256);
  return person;
}

std::string id_of(const records::AccountName& name) {
  return must(records::resolve(name));
}

Visit by_http() {
  return {Arrival::http, "192.0.2.7"};
}
Visit by_courier() {
  return {Arrival::courier, "courier"};
}
Visit by_hand() {
  return {Arrival::local, "local"};
}

Policies quick_policies() {
  Policies policies;
  policies.password.parameters = {passwords::kMemoryKibMin, 1, 1};
  return policies;
}
passwords::Password password_of(std::string_view text) {
  return must(passwords::Password::admit(Secret(as_bytes(text))));
}

House::House(HouseSettings settings_in, storage::Medium* over)
    : settings(std::move(settings_in)),
      medium_(over != nullptr ? over : &memory_),
      secrets_folder_(scratch_.path() / "secrets") {
  const auto generator = engine_with(Secret());
  fingerprint_ =
      must(upkeep::found_store({settings.server, secrets_folder_, settings.writer}, *medium_, *generator, clock, rng));
  secrets_ = std::make_unique<secrets::Secrets>(must(secrets::Secrets::load(secrets_folder_, clock.now())));
  seal_ = std::make_unique<secrets::RecordSeal>(*secrets_);
  const Secret key = packets_of(secrets_->server_key_armored());
  key_home_ =
      std::make_unique<openpgp::rnp::RnpKeyFile>(secrets_folder_, secrets::server_key_file(secrets_folder_), key, "");
  engine_ = settings.open_engine ? must(settings.open_engine(key)) : engine_with(key);
  spy_ = std::make_unique<SpyOpenPgp>(*engine_);
  must(restart());
}

Result<std::unique_ptr<Authenticator>> House::another(storage::Medium& medium, const std::string& writer) {
  AuthenticatorSettings opened{settings.server, fingerprint_,      secrets_folder_ / "floor",
                               writer,          settings.policies, key_home_.get()};
  opened.hasher = settings.hasher;
  opened.applies_revocations = settings.applies_revocations;
  return Authenticator::open(std::move(opened), TRY(secrets::Secrets::load(secrets_folder_, clock.now())), medium,
                             *spy_, clock, rng);
}

Status House::restart(storage::Medium* over) {
  operations_.reset();
  auth_.reset();
  if (over != nullptr) medium_ = over;
  *secrets_ = TRY(secrets::Secrets::load(secrets_folder_, clock.now()));
  if (const auto identity = records::ServerIdentity::load(*medium_, *seal_, settings.server, fingerprint_)) {
    const auto certificate = must(
        openpgp::gate::admit_certificate(identity->certificate_armored(), openpgp::gate::kCertificateReadBytesMax));
    const Secret secret = packets_of(must(secrets::read_server_key(secrets_folder_, identity->fingerprint())));
    key_home_ = std::make_unique<openpgp::rnp::RnpKeyFile>(secrets_folder_, secrets::server_key_file(secrets_folder_),
                                                           secret, "");
    const Secret dressed = must(openpgp::gate::with_certificate(secret.reveal(), certificate));
    auto engine = settings.open_engine ? must(settings.open_engine(dressed)) : engine_with(dressed);
    spy_->forward_to(*engine);
    engine_ = std::move(engine);
  }
  auth_ = TRY(another(*medium_, settings.writer));
  operations_ = std::make_unique<transport::AuthOperations>(*auth_);
  return ok();
}

records::Account House::add(const Person& person) {
  return must(auth_->roles().enrolment.add({person.name(), person.certificate(), false}, by_hand())).account;
}

records::Account House::add(const Person& person, std::string_view password) {
  return must(auth_->roles().enrolment.add({person.name(), person.certificate(), false, password_of(password)},
                                           by_hand()))
      .account;
}

proving::IssuedChallenge House::issue(const Person& person, records::Transport transport) {
  proving::ChallengeRequest request;
  request.name.username = person.name();
  request.transport = transport;
  if (transport == records::Transport::browser) request.browser = "192.0.2.9, Firefox on Linux";
  return must(auth_->roles().issuing.issue(request, transport == records::Transport::courier ? by_hand() : by_http()));
}

proving::IssuedChallenge House::issue_enrolment(const Person& person, records::Transport transport) {
  proving::ChallengeRequest request;
  request.name.username = person.name();
  request.purpose = records::Purpose::enrol;
  request.transport = transport;
  request.public_key = person.certificate();
  return must(auth_->roles().issuing.issue(request, transport == records::Transport::http ? by_http() : by_hand()));
}

proving::Response House::answer(const Person& person, const proving::IssuedChallenge& issued) {
  const std::string text = spy_->sealed_in(issued.message).text;
  return {must(records::parse_statement(text)).challenge, person.sign(text, clock.now()),
          openpgp::SignatureForm::detached};
}

sessions::RefreshedSession House::log_in(const Person& person) {
  return must(auth_->roles().login.redeem(answer(person, issue(person)), by_http())).opened.value();
}

records::Challenge House::challenge_for(const Person& person, records::Purpose purpose, records::Transport transport) {
  records::Challenge challenge;
  challenge.purpose = purpose;
  challenge.transport = transport;
  challenge.account = person.account();
  challenge.key = person.fingerprint();
  challenge.issued_at = clock.now();
  challenge.expires_at =
      clock.now() + (transport == records::Transport::courier ? settings.policies.courier_challenge_lifetime
                                                              : settings.policies.http_challenge_lifetime);
  if (transport == records::Transport::browser) challenge.browser = "192.0.2.9, Firefox on Linux";
  must(rng.fill(challenge.random));
  challenge.context = auth_->roles().identity.context();
  challenge.server_key = fingerprint_;
  if (purpose == records::Purpose::enrol) challenge.extra = person.name();
  if (purpose == records::Purpose::rotate) challenge.extra = person.fingerprint().upper();
  if (purpose == records::Purpose::revoke) challenge.extra = "unspecified";
  return challenge;
}

std::string House::statement_in(const std::string& sealed) {
  return write_statement(statement_of(must(records::open_challenge(sealed, *secrets_)), settings.server));
}

proving::Response House::answer_to(const Person& person, const records::Challenge& challenge) {
  const records::OpenedChallenge opened{challenge, seal_challenge(challenge, secrets_->newest_seal_key())};
  const std::string text = write_statement(statement_of(opened, settings.server));
  return {opened.sealed.text, person.sign(text, clock.now()), openpgp::SignatureForm::detached};
}

std::map<std::string, std::string> contents_of(storage::Medium& medium) {
  std::map<std::string, std::string> contents;
  for (const std::string& name : names_in(medium, "", 500)) contents[name] = to_string(must(medium.read(name)).bytes);
  return contents;
}

std::string newest_audit(House& house) {
  const auto record = must(house.auth().roles().audit.list("server", 0, 1)).back();
  return record.decision + ": " + record.entry.detail;
}

bool is_record_of_restore(const std::pair<const std::string, std::string>& one) {
  if (!one.first.starts_with("audit/")) return false;
  const auto record = auth::records::parse_audit_record(one.first, as_bytes(one.second));
  return record && record->decision == "store_restored";
}

void copy_all(storage::Medium& from, storage::Medium& to) {
  storage::Batch batch;
  for (const auto& [name, text] : contents_of(from)) batch.put(name, as_bytes(text));
  must(to.commit(batch));
}

transport::Message message_of(std::string_view operation, transport::Carrier carrier) {
  transport::Message message;
  message.operation = operation;
  message.carrier = carrier;
  switch (carrier) {
    case transport::Carrier::http:
      message.source = by_http().source;
      break;
    case transport::Carrier::courier:
      message.source = by_courier().source;
      break;
    case transport::Carrier::local:
      message.source = by_hand().source;
      break;
  }
  return message;
}

Result<Json> run_from(House& house, const std::string& source, std::string_view operation, const Json& fields,
                      const Secret& token) {
  transport::Message message = message_of(operation, transport::Carrier::http);
  message.fields = fields;
  message.token = token;
  message.source = source;
  return house.operations().run(message);
}

Json fields_of(const proving::Response& response) {
  return Json::object().set("challenge", response.challenge).set("signature", response.signature);
}

}  // namespace countersign::test
