// One line of the numbered list of what was taken away from accounts: the sealed record `revocations/<number, 20
// digits>`. Numbers begin at 1 and have no gaps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::records {

// Append only: the name is the spelling in the record and in an export.
//
// `lost` stands for a line that was forgotten with a medium and that no export brought back: what it said is not known,
// and its number is not given out again. Its account and fingerprint are zeros.
enum class Withdrawn : std::uint8_t { revoked, rotated, deleted, restored, lost };

std::string_view name_of(Withdrawn what);
std::optional<Withdrawn> withdrawn_named(std::string_view name);

struct Withdrawal {
  std::int64_t number = 0;
  std::string account;
  // The key that lost its right; for `restored` the one that has it again.
  Fingerprint fingerprint;
  std::uint64_t epoch = 0;  // of the account since then
  Withdrawn what = Withdrawn::revoked;
  std::string reason;  // one of is_revocation_reason
  Instant at{};

  friend bool operator==(const Withdrawal&, const Withdrawal&) = default;
};

std::string withdrawal_name(std::int64_t number);
Withdrawal lost_withdrawal(std::int64_t number, Instant at);
Json write_withdrawal(const Withdrawal& withdrawal);
Result<Withdrawal> parse_withdrawal(const Json& json);  // record_unreadable

// The highest number on the medium, where `known` is or was one; 0 where there is none.
Result<std::int64_t> last_withdrawal(storage::Medium& medium, std::int64_t known);

}  // namespace countersign::auth::records
