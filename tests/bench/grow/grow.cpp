// Fills a data folder that `countersign init` made with accounts that nobody can use, to see what a large store costs.
//
//   countersign_grow DATA ACCOUNTS [EXPIRED-SESSIONS]
//
// The records are sealed with the folder's secrets and of the form and size of real ones: an account record, the key
// that it holds, a certificate and metadata. Fingerprints and certificates are made up, so no response fits them. Names
// are written in byte order, which is faster than as people come, and leaves pages fuller. What is written again stays
// as it is, so that a folder grows by a second run with a larger number.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "auth/base/account_id.hpp"
#include "auth/base/clock.hpp"
#include "auth/records/account.hpp"
#include "auth/records/session.hpp"
#include "auth/secrets/record_seal.hpp"
#include "cli/data_folder.hpp"
#include "cli/environment.hpp"
#include "cli/settings.hpp"
#include "storage/base/hash.hpp"
#include "storage/batch.hpp"

namespace countersign::bench {
namespace {

using auth::records::AccountPart;

constexpr std::size_t kNamesABatch = 2000;
constexpr std::size_t kCertificateBytes = 900;
constexpr std::size_t kMetadataBytes = 1100;
const Instant kCreated = from_unix(1'760'000'000);

template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(name_of(result.error().code)) + ": " + result.error().detail);
  return *std::move(result);
}
void need(const Status& status) {
  if (!status) throw std::runtime_error(std::string(name_of(status.error().code)) + ": " + status.error().detail);
}

class Filling {
 public:
  Filling(storage::Medium& medium, const auth::secrets::RecordSeal& seal, const char* what, std::size_t count)
      : medium_(medium), seal_(seal), what_(what), count_(count) {}

  void put(const std::string& name, ByteView bytes) {
    batch_.put(name, bytes);
    if (batch_.changes().size() >= kNamesABatch) commit();
  }
  void seal(const std::string& name, const Json& record) { put(name, seal_.close(name, record)); }
  void one_done() {
    if (++done_ % 10'000 == 0) std::fprintf(stderr, "\r%s: %zu of %zu", what_, done_, count_);
  }
  void end() {
    commit();
    std::fprintf(stderr, "\r%s: %zu of %zu\n", what_, done_, count_);
  }

 private:
  void commit() {
    need(medium_.commit(batch_));
    batch_ = {};
  }

  storage::Medium& medium_;
  const auth::secrets::RecordSeal& seal_;
  const char* const what_;
  const std::size_t count_;
  storage::Batch batch_;
  std::size_t done_ = 0;
};

struct Somebody {
  std::string username;
  std::string id;
  auth::Fingerprint fingerprint;
};

std::vector<Somebody> people(std::size_t count) {
  std::vector<Somebody> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    all[i].username = "somebody-" + std::to_string(i);
    all[i].id = auth::account_id_of(all[i].username);
    const Digest made_up = sha256(as_bytes(all[i].id));
    all[i].fingerprint = need(auth::Fingerprint::from_bytes(ByteView(made_up).first(auth::Fingerprint::kBytes)));
  }
  std::sort(all.begin(), all.end(), [](const Somebody& a, const Somebody& b) { return a.id < b.id; });
  return all;
}

std::string filler(const char* kind, const std::string& id, std::size_t bytes) {
  std::string text = std::string("-----BEGIN PGP ") + kind + "-----\n\n" + id;
  text.resize(bytes, 'A');
  return text;
}

void fill_accounts(storage::Medium& medium, const auth::secrets::RecordSeal& seal, std::vector<Somebody> people) {
  Filling accounts(medium, seal, "accounts", people.size());
  for (const Somebody& one : people) {
    auth::records::Account account;
    account.id = one.id;
    account.username = one.username;
    account.fingerprint = one.fingerprint;
    account.key_since = account.created_at = kCreated;
    account.encryption_algorithm = "cv25519";
    for (const auto& [part, text] :
         {std::pair{AccountPart::certificate, filler("PUBLIC KEY BLOCK", one.id, kCertificateBytes)},
          std::pair{AccountPart::metadata, filler("MESSAGE", one.id, kMetadataBytes)}}) {
      account.parts[part] = hex(sha256(as_bytes(text)));
      accounts.put(part_name(one.id, part), as_bytes(text));
    }
    accounts.seal(auth::records::account_name(one.id), write_account(account));
    accounts.one_done();
  }
  accounts.end();
  std::sort(people.begin(), people.end(), [](const auto& a, const auto& b) { return a.fingerprint < b.fingerprint; });
  Filling keys(medium, seal, "keys", people.size());
  for (const Somebody& one : people) {
    keys.seal(auth::records::key_name(one.fingerprint), Json::object().set("version", 1).set("account", one.id));
    keys.one_done();
  }
  keys.end();
}

void fill_sessions(storage::Medium& medium, const auth::secrets::RecordSeal& seal, std::size_t count) {
  std::vector<std::pair<std::string, std::string>> sessions(count);  // name, session id
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = hex(sha256(as_bytes("session " + std::to_string(i))));
    sessions[i] = {"sessions/" + name, name.substr(0, 32)};
  }
  std::sort(sessions.begin(), sessions.end());
  Filling records(medium, seal, "expired sessions", count);
  Filling pointers(medium, seal, "their pointers", count);
  for (const auto& [name, id] : sessions) {
    auth::records::Session session;
    session.id = id;
    session.username = "somebody-0";
    session.account = auth::account_id_of(session.username);
    session.method = "password";
    session.transport = "http";
    session.created_at = kCreated;
    session.idle_expires_at = session.expires_at = kCreated + std::chrono::hours(1);
    records.seal(name, write_session(session));
    records.one_done();
  }
  records.end();
  for (const auto& [name, id] : sessions) {
    pointers.seal(auth::records::pointer_name(auth::account_id_of("somebody-0"), id),
                  Json::object().set("version", 1).set("record", name));
    pointers.one_done();
  }
  pointers.end();
}

void grow(const std::filesystem::path& folder, std::size_t accounts, std::size_t sessions) {
  const cli::Settings settings = need(cli::load_settings(folder, cli::Environment({}), {}));
  const auto medium = need(cli::open_medium(folder, settings.storage));
  const auto secrets = need(cli::load_secrets(folder, settings, auth::SystemClock().now()));
  const auth::secrets::RecordSeal seal(secrets);
  if (accounts > 0) fill_accounts(*medium, seal, people(accounts));
  if (sessions > 0) fill_sessions(*medium, seal, sessions);
}

std::size_t number(const char* text) {
  char* end = nullptr;
  const unsigned long value = std::strtoul(text, &end, 10);
  if (*text == '\0' || *end != '\0') throw std::runtime_error(std::string(text) + " is no number");
  return value;
}

}  // namespace
}  // namespace countersign::bench

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: countersign_grow DATA ACCOUNTS [EXPIRED-SESSIONS]\n");
    return 2;
  }
  try {
    countersign::bench::grow(argv[1], countersign::bench::number(argv[2]),
                             argc == 4 ? countersign::bench::number(argv[3]) : 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "countersign_grow: %s\n", error.what());
    return 1;
  }
}
