#include "auth/records/withdrawal.hpp"

#include "auth/records/revocation_record.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/numbered_names.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::string_view kWithdrawals = "revocations/";
constexpr std::size_t kPage = 500;
constexpr EnumNames<Withdrawn::revoked, Withdrawn::lost> kWithdrawnNames("revoked", "rotated", "deleted", "restored",
                                                                         "lost");

Result<Withdrawal> parse_withdrawal_members(const Json& json) {
  JsonReader reader(json);
  TRY(secrets::check_record_version(reader));
  Withdrawal out;
  out.number = TRY(reader.integer("number"));
  out.account = TRY(reader.text("account"));
  out.fingerprint = TRY(Fingerprint::parse(TRY(reader.text("fingerprint"))));
  const std::int64_t epoch = TRY(reader.integer("epoch"));
  const auto what = withdrawn_named(TRY(reader.text("what")));
  if (epoch < 0 || !what) return fail(ErrorCode::malformed_message, "epoch or what");
  out.epoch = static_cast<std::uint64_t>(epoch);
  out.what = *what;
  out.reason = TRY(reader.text("reason"));
  if (!is_revocation_reason(out.reason)) return fail(ErrorCode::malformed_message, "reason");
  out.at = TRY(reader.time("at"));
  TRY(reader.finish());
  return out;
}

}  // namespace

std::string_view name_of(Withdrawn what) {
  return kWithdrawnNames.of(what);
}

std::optional<Withdrawn> withdrawn_named(std::string_view name) {
  return kWithdrawnNames.find(name);
}

std::string withdrawal_name(std::int64_t number) {
  return storage::numbered_name(kWithdrawals, number);
}

Withdrawal lost_withdrawal(std::int64_t number, Instant at) {
  Withdrawal line;
  line.number = number;
  line.account = std::string(64, '0');
  line.what = Withdrawn::lost;
  line.reason = "unspecified";
  line.at = at;
  return line;
}

Json write_withdrawal(const Withdrawal& withdrawal) {
  return Json::object()
      .set("version", 1)
      .set("number", withdrawal.number)
      .set("account", withdrawal.account)
      .set("fingerprint", withdrawal.fingerprint.upper())
      .set("epoch", static_cast<std::int64_t>(withdrawal.epoch))
      .set("what", name_of(withdrawal.what))
      .set("reason", withdrawal.reason)
      .set("at", format_time(withdrawal.at));
}

Result<Withdrawal> parse_withdrawal(const Json& json) {
  return secrets::understood("list of revocations", parse_withdrawal_members(json));
}

Result<std::int64_t> last_withdrawal(storage::Medium& medium, std::int64_t known) {
  // What is known lags behind the list at most a little, unless the medium is an older one.
  std::int64_t number = known > 0 && TRY(storage::find(medium, withdrawal_name(known))) ? known : 0;
  while (true) {
    const auto names = TRY(medium.list(kWithdrawals, number == 0 ? "" : withdrawal_name(number), kPage));
    if (names.empty()) return number;
    // A planted name may stand behind all numbers, and would be the last one for ever.
    const auto last = storage::number_named_in(kWithdrawals, names.back());
    if (!last) return fail(ErrorCode::record_unreadable, names.back() + " is no name of a revocation");
    number = *last;
  }
}

}  // namespace countersign::auth::records
