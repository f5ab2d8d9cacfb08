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

struct Consumed {
  Instant keep_until{};
  std::string grant;  // a courier's encrypted session grant, armored; else empty
};

std::string consumed_name(std::string_view tag);
Json write_consumed(const Consumed& consumed);
Result<Consumed> parse_consumed(const Json& json);  // record_unreadable
// Nothing where the challenge of that tag was not redeemed. As find_record().
Result<std::optional<Consumed>> find_consumed(storage::Medium& medium, const secrets::RecordSeal& seal,
                                              std::string_view tag);
// Requires that nobody else consumed it.
void stage_consumed(storage::Batch& batch, const secrets::RecordSeal& seal, const OpenedChallenge& opened,
                    std::string grant);

}  // namespace countersign::auth::records
