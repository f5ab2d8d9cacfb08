// What every role of auth works with. The Authenticator owns all of it; a role borrows it.
#pragma once

#include "auth/base/rng.hpp"
#include "auth/openpgp/openpgp.hpp"
#include "auth/passwords/password_hashes.hpp"
#include "auth/policies.hpp"
#include "auth/records/accounts.hpp"
#include "auth/records/audit.hpp"
#include "auth/records/server_identity.hpp"
#include "auth/records/verified_records.hpp"
#include "auth/secrets/record_seal.hpp"
#include "auth/secrets/secrets.hpp"
#include "auth/timekeeper.hpp"
#include "storage/ballast.hpp"
#include "storage/medium.hpp"

namespace countersign::auth {

struct Context {
  storage::Medium& medium;
  const secrets::Secrets& secrets;
  const secrets::RecordSeal& seal;
  const records::ServerIdentity& identity;
  openpgp::OpenPgp& engine;
  Timekeeper& timekeeper;
  Rng& rng;
  records::Audit& audit;
  records::Accounts& accounts;
  records::VerifiedRecords& verified;
  const Policies& policies;
  passwords::PasswordHashes& password_hashes;
  records::Floor& floor;
  storage::Ballast& ballast;
};

// How a message came: it decides which challenges it may answer, and nothing about who sent it.
enum class Arrival : std::uint8_t { http, browser, courier, local };

// Anybody may have sent it, any number of times.
inline bool is_by_network(Arrival arrival) {
  return arrival == Arrival::http || arrival == Arrival::browser;
}

struct Visit {
  Arrival arrival = Arrival::http;
  std::string source;  // for the audit record
};

// Commits what takes rights away: with the audit entry, and on a disk that is full in the room of the ballast. As
// Audit::commit.
Status commit_urgently(const Context& context, const storage::Batch& batch, const records::AuditEntry& entry);

// How often an operation is judged anew after a conflict.
inline constexpr int kJudgedTimesMax = 3;

// Judges, and commits what follows, anew as long as another's change came between; the last conflict where there is no
// end to it.
template <class Judge>
auto judge_anew(const Judge& judge) -> decltype(judge()) {
  for (int judged = 1; judged < kJudgedTimesMax; ++judged) {
    auto result = judge();
    if (result || result.error().code != ErrorCode::conflict) return result;
  }
  return judge();
}

// The same where whoever asked can do nothing about a conflict: storage_unavailable instead.
template <class Judge>
auto until_settled(const Judge& judge) -> decltype(judge()) {
  auto result = judge_anew(judge);
  if (result || result.error().code != ErrorCode::conflict) return result;
  return fail(ErrorCode::storage_unavailable, "the record changes too fast");
}

}  // namespace countersign::auth
