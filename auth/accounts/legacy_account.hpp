// What a set of the predecessor's files means. Pure.
//
// The predecessor wrote its files one after the other: .pub .key .rev .hash .json at a registration, .pub .key .json
// .hash at a rotation, .hash beside the .lthn at the first login of an older account. A crash left what it left, so
// everything is judged by what is there, and what cannot be understood denies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/accounts/legacy_folder.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"

namespace countersign::auth::accounts {

// What becomes of an account.
enum class LegacyFate : std::uint8_t {
  left_out,  // nothing is made
  present,   // it is here already, and stays as it is
  denied,    // taken over as revoked, until an administrator decides
  taken,     // taken over, without what is wrong
};
std::string_view name_of(LegacyFate fate);

// What is odd about one, its fate, and what a person is told. The enumerator is the spelling in reports.
#define COUNTERSIGN_LEGACY_ODDITIES(X)                                                                       \
  X(server_account, left_out, "the predecessor's own account: a server of its own is here")                  \
  X(certificate_missing, left_out, "there is no certificate")                                                \
  X(certificate_refused, left_out, "the certificate is refused")                                             \
  X(name_taken, left_out, "an account of that name is here, with another key")                               \
  X(key_taken, left_out, "another account has this key, or had it")                                          \
  X(revoked_there, present, "the predecessor has revoked it; here it is active")                             \
  X(revocation_unreadable_there, present, "the .rev cannot be read; here the account is active")             \
  X(revocation_missing, denied, "there is no .rev: whether the key was revoked cannot be known")             \
  X(revocation_unreadable, denied, "the .rev is neither the placeholder nor a whole record of this account") \
  X(secret_key_unprotected, denied, "the secret key lay there without a passphrase; it was not taken over")  \
  X(secret_key_unreadable, denied, "the .key cannot be read: whether it was protected cannot be known")      \
  X(secret_key_of_another, taken, "the .key is not this certificate's; it was not taken over")               \
  X(secret_key_of_revoked, taken, "the key was revoked, so the .key was not taken over")                     \
  X(secret_key_missing, taken, "there is no .key to keep")                                                   \
  X(password_unreadable, taken, "the .hash cannot be read: there is no password, and no .lthn in its place") \
  X(legacy_password_unreadable, taken, "the .lthn cannot be read: there is no password")                     \
  X(password_missing, taken, "there is neither .hash nor .lthn: there is no password")                       \
  X(legacy_password_dropped, taken, "the .lthn beside a whole .hash was not taken over")                     \
  X(metadata_missing, taken, "there was no .json; metadata was made anew")

enum class LegacyOddity : std::uint8_t {
#define X(name, fate, text) name,
  COUNTERSIGN_LEGACY_ODDITIES(X)
#undef X
};
std::string_view name_of(LegacyOddity oddity);
LegacyFate fate_of(LegacyOddity oddity);
std::string_view text_of(LegacyOddity oddity);

// A whole record of the predecessor: {"user_id": id, "reason": free text, "revoked_at": RFC 3339, with a fraction}.
struct LegacyRevocation {
  std::string reason;  // foreign text
  Instant revoked_at{};
};
// record_unreadable, also where it speaks of another account or has another member.
Result<LegacyRevocation> parse_legacy_revocation(std::string_view id, std::string_view text);

struct LegacyAccount {
  std::optional<openpgp::gate::GatedCertificate> certificate;  // nothing: there is no account to make
  std::optional<LegacyRevocation> revocation;
  bool managed = false;    // the .key is protected and this certificate's: the predecessor made it
  Secret escrowed_key;     // armored, and protected; empty: none is kept
  Secret password;         // a PHC string; empty: none
  Secret legacy_password;  // 64 digits, where there is no other; empty: none
  std::vector<LegacyOddity> oddities;
  std::string refusal;  // of the certificate

  bool is_denied() const;
};

LegacyAccount judge_legacy(std::string_view id, const LegacyFiles& files);

}  // namespace countersign::auth::accounts
