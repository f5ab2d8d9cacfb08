// One decision, as it is kept: a sealed record `audit/<writer>/<number>`, chained by hash to the one before of its
// writer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/json.hpp"
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
  X(account_imported)

enum class Decision : std::uint8_t {
#define X(name) name,
  COUNTERSIGN_DECISIONS(X)
#undef X
};

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
  std::string decision;     // as text: a newer program may have written one that this one does not know
  AuditEntry entry;
};

std::string audit_folder(std::string_view writer);  // audit/<writer>/
std::string audit_name(std::string_view writer, std::int64_t number);
Json write_audit_record(const AuditRecord& record);
Result<AuditRecord> parse_audit_record(const Json& json);

}  // namespace countersign::auth::records
