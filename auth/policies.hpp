// What an operator may set about challenges, signatures, sessions, passwords and guessing. Ranges are checked where
// settings are read.
#pragma once

#include <chrono>
#include <cstdint>

#include "auth/base/limit_settings.hpp"
#include "auth/passwords/argon2_parameters.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth {

// Who may enrol a key of their own over the network: nobody, who shows an invite, or anybody.
enum class Registration : std::uint8_t { closed, invite, open };
inline constexpr EnumNames<Registration::closed, Registration::open> kRegistrations("closed", "invite", "open");

struct Policies {
  Registration registration = Registration::closed;
  bool rate_limit = true;
  Seconds http_challenge_lifetime = std::chrono::minutes(5);
  Seconds courier_challenge_lifetime = std::chrono::days(7);
  // How far a signature's time may lie from now (http), or before the challenge's issue and after now (courier).
  Seconds http_signature_window = std::chrono::minutes(5);
  Seconds courier_signature_before_issue = std::chrono::hours(48);
  Seconds courier_signature_after_now = std::chrono::hours(48);
  Seconds session_idle_limit = std::chrono::hours(12);
  Seconds session_absolute_limit = std::chrono::hours(24);
  Seconds grant_lifetime = std::chrono::days(7);
  Seconds held_enrolment_lifetime = std::chrono::days(30);
  passwords::PasswordPolicy password;
  LimitSettings limits;
  std::size_t record_cache_bytes = 64u << 20;
};

}  // namespace countersign::auth
