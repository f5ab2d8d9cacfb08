// The record of a challenge that was redeemed, `consumed/<challenge tag>`: so that nobody redeems it twice.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/records/sealed_challenge.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::records {

// It is remembered this long past the challenge's expiry.
inline constexpr Seconds kConsumedKeptAfterExpiry = std::chrono::hours(24);

// How many wrong codes end a login that waits for its browser.
inline constexpr std::int64_t kCodeTriesMax = 3;

// A login that was signed at a terminal, and waits for the browser that asked for it to say the code. The code is not
// here: it follows from the challenge (sealed_challenge.hpp).
struct WaitingLogin {
  std::string account;  // its id
  Fingerprint key;
  std::uint64_t epoch = 0;
  Instant expires_at{};
  std::int64_t wrong_codes = 0;
};

struct Consumed {
  Instant keep_until{};
  std::string grant = {};                    // a courier's encrypted session grant, armored; else empty
  std::optional<WaitingLogin> waiting = {};  // until its browser came
};

std::string consumed_name(std::string_view tag);
Json write_consumed(const Consumed& consumed);
Result<Consumed> parse_consumed(const Json& json);  // record_unreadable
// Nothing where the challenge of that tag was not redeemed. As find_record().
Result<std::optional<Consumed>> find_consumed(storage::Medium& medium, const secrets::RecordSeal& seal,
                                              std::string_view tag);
// Requires that nobody else consumed it.
void stage_consumed(storage::Batch& batch, const secrets::RecordSeal& seal, const OpenedChallenge& opened,
                    std::string grant, std::optional<WaitingLogin> waiting = std::nullopt);

struct StoredConsumed {
  Consumed consumed;
  storage::Version version;
};
// The same with its version, for who changes it.
Result<std::optional<StoredConsumed>> find_stored_consumed(storage::Medium& medium, const secrets::RecordSeal& seal,
                                                           std::string_view tag);
// What it says of the waiting login from now on; nothing ends the wait.
void stage_waiting(storage::Batch& batch, const secrets::RecordSeal& seal, std::string_view tag, StoredConsumed over,
                   std::optional<WaitingLogin> waiting);

// Pure: is this the code that the login waits for? challenge_consumed after three that were not, challenge_expired,
// challenge_invalid.
Status judge_code(const WaitingLogin& waiting, std::string_view expected, std::string_view typed, Instant now);

}  // namespace countersign::auth::records
