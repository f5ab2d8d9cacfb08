// Every failure has one name inside and one of six faces outside.
//
// The enumerator is the spelling used in logs, the audit record, docs and fixtures. Append only: a name that was once
// written to an audit record keeps its meaning. The face is what a peer is shown; the detail is for the operator alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace countersign {

enum class Face {
  malformed,    // the message is not of the form
  denied,       // whoever asked failed to prove who they are, whatever the reason
  conflict,     // already there, or changed meanwhile
  slow_down,    // a limit; try again later
  unavailable,  // storage, entropy, the OpenPGP engine, the password hasher
  not_found,    // local administration only; to the network this is `denied`
  integrity,    // local administration only; to the network this is `denied`
  failed,       // local only: any other failure
};

// name, face
#define COUNTERSIGN_ERROR_CODES(X)        \
  /* form */                              \
  X(malformed_message, malformed)         \
  X(malformed_json, malformed)            \
  X(malformed_name, malformed)            \
  X(malformed_username, malformed)        \
  X(malformed_account_id, malformed)      \
  X(malformed_statement, malformed)       \
  X(malformed_token, denied)              \
  X(message_too_large, malformed)         \
  X(unknown_operation, malformed)         \
  X(unknown_version, malformed)           \
  X(invalid_settings, malformed)          \
  X(usage, malformed)                     \
  /* certificates and signatures */       \
  X(armor_invalid, malformed)             \
  X(packet_refused, malformed)            \
  X(certificate_refused, malformed)       \
  X(secret_key_handed_in, malformed)      \
  X(signature_missing, denied)            \
  X(signature_invalid, denied)            \
  X(signature_by_another_key, denied)     \
  X(signature_policy, denied)             \
  X(signature_time, denied)               \
  X(key_expired, denied)                  \
  X(key_revoked, denied)                  \
  X(key_policy, malformed)                \
  X(engines_disagree, denied)             \
  X(certificate_disputed, malformed)      \
  /* challenges */                        \
  X(challenge_invalid, denied)            \
  X(challenge_expired, denied)            \
  X(challenge_not_yet_valid, denied)      \
  X(challenge_of_another_server, denied)  \
  X(challenge_of_another_purpose, denied) \
  X(challenge_consumed, denied)           \
  X(transport_mismatch, denied)           \
  X(epoch_passed, denied)                 \
  /* accounts */                          \
  X(account_unknown, denied)              \
  X(account_not_active, denied)           \
  X(account_exists, conflict)             \
  X(account_reserved, conflict)           \
  X(key_taken, conflict)                  \
  X(registration_closed, denied)          \
  X(enrolment_not_held, not_found)        \
  X(enrolments_held_full, slow_down)      \
  X(account_not_revoked, conflict)        \
  X(legacy_folder_refused, malformed)     \
  /* invites */                           \
  X(invite_unknown, denied)               \
  X(invite_spent, denied)                 \
  X(invite_expired, denied)               \
  X(invite_cancelled, denied)             \
  X(invite_for_another, denied)           \
  /* sessions */                          \
  X(session_unknown, denied)              \
  X(session_expired, denied)              \
  X(session_replaced, denied)             \
  X(session_grant_expired, denied)        \
  /* passwords */                         \
  X(password_wrong, denied)               \
  X(password_unset, denied)               \
  X(hasher_busy, unavailable)             \
  X(hasher_failed, unavailable)           \
  X(account_not_managed, denied)          \
  X(escrow_absent, denied)                \
  /* carriers */                          \
  X(carrier_not_allowed, malformed)       \
  X(not_permitted, denied)                \
  X(slow_down, slow_down)                 \
  /* records */                           \
  X(not_found, not_found)                 \
  X(conflict, conflict)                   \
  X(record_tampered, integrity)           \
  X(record_unreadable, integrity)         \
  X(chain_broken, integrity)              \
  X(medium_restored, integrity)           \
  X(secret_missing, unavailable)          \
  X(secret_in_use, conflict)              \
  /* the world */                         \
  X(storage_unavailable, unavailable)     \
  X(entropy_unavailable, unavailable)     \
  X(openpgp_unavailable, unavailable)     \
  X(key_locked, unavailable)              \
  X(clock_behind, unavailable)            \
  X(busy, unavailable)                    \
  /* local */                             \
  X(file_refused, failed)                 \
  X(file_incomplete, failed)              \
  X(server_unknown, failed)               \
  X(server_mismatch, failed)              \
  X(gnupg_failed, failed)                 \
  X(network_failed, unavailable)          \
  X(startup_refused, integrity)           \
  X(failed, failed)

enum class ErrorCode {
#define X(name, face) name,
  COUNTERSIGN_ERROR_CODES(X)
#undef X
};

struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string detail;  // for the log; may hold foreign text, escape it where it is shown
};

std::string_view name_of(ErrorCode code);
// The reverse, for fixtures that name the verdict they expect.
std::optional<ErrorCode> error_code_named(std::string_view name);
Face face_of(ErrorCode code);
std::string_view name_of(Face face);
// What a peer on a network sees: what only local administration may know becomes `denied`.
Face public_face_of(ErrorCode code);

}  // namespace countersign
