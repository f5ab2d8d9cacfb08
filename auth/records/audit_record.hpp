// One decision, as it is kept: a sealed record `audit/<writer>/<number>`, chained by hash to the one before of its
// writer.
//
// There is one for every login, for good, so it is packed (auth/secrets/record_seal.hpp), and says nothing that its
// name says already. Its body:
//
//   previous  32 bytes, SHA-256 of the bytes of the record before; zeros for the first
//   at        8 bytes, seconds since 1970
//   decision  2 bytes, its place in the list below
//   fields    each: kind, 1 byte; length, 2 bytes; that many bytes. 1 account, 2 key, 3 session, each as bytes where
//   its
//             text is hex; 4 to 6 the same as text; 7 source, 8 detail. In this order, and none that is empty
//
// Integers are big-endian. Records from before that are JSON; they stay as they are, since the next one holds their
// hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/secrets/record_seal.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

// The enumerator is the spelling in the record. Append only.
#define COUNTERSIGN_DECISIONS(X) \
  X(store_created)               \
  X(login_accepted)              \
  X(login_granted)               \
  X(grant_used)                  \
  X(account_enrolled)            \
  X(account_added)               \
  X(enrolment_held)              \
  X(enrolment_confirmed)         \
  X(session_refreshed)           \
  X(session_ended)               \
  X(session_replayed)            \
  X(sessions_ended)              \
  X(clock_accepted)              \
  X(refusals)                    \
  X(server_key_extended)         \
  X(server_key_replaced)         \
  X(login_by_password)           \
  X(password_changed)            \
  X(password_set)                \
  X(password_removed)            \
  X(account_revoked)             \
  X(account_restored)            \
  X(key_rotated)                 \
  X(account_deleted)             \
  X(revocation_applied)          \
  X(store_restored)              \
  X(key_handed_out)              \
  X(account_registered)          \
  X(secret_rotated)              \
  X(secret_retired)              \
  X(records_resealed)            \
  X(account_imported)            \
  X(audit_archived)              \
  X(certificate_refreshed)       \
  X(profile_changed)             \
  X(login_signed)                \
  X(invite_made)                 \
  X(invite_renewed)              \
  X(invite_cancelled)            \
  X(invite_stolen)

enum class Decision : std::uint8_t {
#define X(name) name,
  COUNTERSIGN_DECISIONS(X)
#undef X
};

#define X(name) +1
inline constexpr std::size_t kDecisions = 0 COUNTERSIGN_DECISIONS(X);
#undef X

std::string_view name_of(Decision decision);

// What was decided; empty where a field says nothing.
struct AuditEntry {
  Decision decision{};
  Instant at{};
  std::string account;  // account id
  std::string key;      // fingerprint
  std::string session;
  std::string source;  // who asked: an address, "courier", "local"; escaped when it is written
  std::string detail;  // likewise
};

struct AuditRecord {
  std::string writer;
  std::int64_t number = 0;  // from 1
  std::string previous;     // hex SHA-256 of the bytes of the record before; 64 zeros for the first
  std::string decision;     // as text: a newer program may have written one that this one does not know ("decision-99")
  AuditEntry entry;
};

std::string audit_folder(std::string_view writer);  // audit/<writer>/
std::string audit_name(std::string_view writer, std::int64_t number);
Bytes close_audit_record(const secrets::RecordSeal& seal, std::string_view name, const AuditRecord& record);
// What the bytes say, of either form; whether the MAC holds is another question. record_unreadable.
Result<AuditRecord> parse_audit_record(std::string_view name, ByteView bytes);
// The same, once the MAC holds. As RecordSeal::open().
Result<AuditRecord> open_audit_record(const secrets::RecordSeal& seal, std::string_view name, ByteView bytes);
// Nothing where there is none of that name.
Result<std::optional<AuditRecord>> find_audit_record(storage::Medium& medium, const secrets::RecordSeal& seal,
                                                     std::string_view name);

}  // namespace countersign::auth::records
