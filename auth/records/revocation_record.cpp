#include "auth/records/revocation_record.hpp"

#include <algorithm>
#include <array>

#include "auth/base/account_id.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::array<std::string_view, 5> kReasons = {"key_compromised", "key_superseded", "key_retired",
                                                      "no_longer_valid", "unspecified"};
constexpr std::array<std::string_view, 6> kWays = {"statement", "certificate", "administrator",
                                                   "export",    "password",    "import"};

Json members_of(const RevocationRecord& record) {
  return Json::object()
      .set("version", 1)
      .set("user_id", record.account)
      .set("fingerprint", record.fingerprint.upper())
      .set("reason", record.reason)
      .set("note", record.note)
      .set("revoked_at", format_time(record.revoked_at))
      .set("by", record.by);
}

Result<RevocationRecord> parse_revocation_record_members(std::string_view text) {
  const Json json = TRY(parse_json(text));
  JsonReader reader(json);
  TRY(secrets::check_record_version(reader));
  RevocationRecord record;
  record.account = TRY(reader.text("user_id"));
  TRY(check_account_id(record.account));
  record.fingerprint = TRY(Fingerprint::parse(TRY(reader.text("fingerprint"))));
  record.reason = TRY(reader.text("reason"));
  record.note = TRY(reader.text_or("note", ""));
  TRY(check_revocation_reason(record.reason, record.note));
  record.revoked_at = TRY(reader.time("revoked_at"));
  record.by = TRY(reader.text("by"));
  if (std::find(kWays.begin(), kWays.end(), record.by) == kWays.end()) {
    return fail(ErrorCode::malformed_message, "'by' names no way to revoke");
  }
  record.signature = TRY(reader.text_or_null("signature"));  // null as long as nobody could sign it
  TRY(reader.finish());
  return record;
}

}  // namespace

bool is_revocation_reason(std::string_view reason) {
  return std::find(kReasons.begin(), kReasons.end(), reason) != kReasons.end();
}

Status check_revocation_reason(std::string_view reason, std::string_view note) {
  if (!is_revocation_reason(reason)) {
    return fail(ErrorCode::malformed_message,
                "'reason' is key_compromised, key_superseded, key_retired, no_longer_valid or unspecified");
  }
  if (note.size() > kRevocationNoteBytesMax) {
    return fail(ErrorCode::malformed_message, "'note' has at most 256 bytes");
  }
  if (has_unprintable(note)) return fail(ErrorCode::malformed_message, "'note' has a control character");
  return ok();
}

std::string revocation_text(const RevocationRecord& record) {
  const Json json = members_of(record);
  std::string text;
  for (const auto& [name, value] : *json.members()) {
    text += name + ": " + (value.string() != nullptr ? *value.string() : std::to_string(*value.integer())) + "\n";
  }
  return text;
}

Json write_revocation(const RevocationRecord& record) {
  return members_of(record).set("signature", record.signature.empty() ? Json() : Json(record.signature));
}

Result<RevocationRecord> parse_revocation(std::string_view text) {
  return secrets::understood("revocation record", parse_revocation_record_members(text));
}

}  // namespace countersign::auth::records
