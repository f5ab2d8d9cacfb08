#include "auth/records/audit_record.hpp"

#include "auth/records/fields.hpp"
#include "storage/numbered_names.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::string_view kAudit = "audit/";
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kDecisionBytes = 2;
constexpr std::size_t kLengthBytes = 2;
constexpr std::int64_t kLastTime = 253'402'300'799;  // the end of the year 9999, as everywhere

// A text field of an entry. Hex is kept as the bytes that it stands for, where `kind` is below `kind_as_text`.
struct Field {
  std::string AuditEntry::*member;
  std::uint8_t kind;
  std::uint8_t kind_as_text;
  std::string (*text_of)(ByteView bytes);
};
std::string upper_hex(ByteView bytes) {
  std::string text = hex(bytes);
  for (char& c : text) c = c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}
constexpr Field kFields[] = {{&AuditEntry::account, 1, 4, &hex},
                             {&AuditEntry::key, 2, 5, &upper_hex},
                             {&AuditEntry::session, 3, 6, &hex},
                             {&AuditEntry::source, 7, 7, nullptr},
                             {&AuditEntry::detail, 8, 8, nullptr}};

void append_field(Bytes& body, const Field& field, const std::string& text) {
  if (text.empty()) return;
  const auto bytes = field.text_of == nullptr ? std::nullopt : from_hex(text);
  const bool as_bytes_of_hex = bytes && field.text_of(*bytes) == text;
  const ByteView value = as_bytes_of_hex ? ByteView(*bytes) : as_bytes(text);
  body.push_back(as_bytes_of_hex ? field.kind : field.kind_as_text);
  append_integer(body, value.size(), kLengthBytes);
  append(body, value);
}

std::string decision_text(std::uint64_t number) {
  const std::string_view known = number < kDecisions ? name_of(static_cast<Decision>(number)) : std::string_view();
  return known.empty() ? "decision-" + std::to_string(number) : std::string(known);
}

Result<AuditRecord> parse_body(ByteView body) {
  Fields fields(body);
  AuditRecord record;
  record.previous = hex(fields.take(sizeof(Digest)));
  const std::uint64_t at = fields.integer(kTimeBytes);
  record.decision = decision_text(fields.integer(kDecisionBytes));
  for (const Field& field : kFields) {
    const bool is_hex = field.text_of != nullptr && fields.take_if(field.kind);
    if (!is_hex && !fields.take_if(field.kind_as_text)) continue;
    const ByteView value = fields.take(fields.integer(kLengthBytes));
    record.entry.*field.member = is_hex ? field.text_of(value) : to_string(value);
  }
  if (!fields.complete() || at > static_cast<std::uint64_t>(kLastTime)) {
    return fail(ErrorCode::malformed_message, "the body");
  }
  record.entry.at = from_unix(static_cast<std::int64_t>(at));
  return record;
}

Result<AuditRecord> parse_json_record(ByteView bytes) {
  const Json json = TRY(parse_json(as_text(bytes)));
  if (json.members() == nullptr) return fail(ErrorCode::malformed_message, "no object");
  JsonReader reader(json);
  reader.take("mac");
  TRY(secrets::check_record_version(reader));
  AuditRecord record;
  record.writer = TRY(reader.text("writer"));
  record.number = TRY(reader.integer("number"));
  record.previous = TRY(reader.text("previous"));
  record.entry.at = TRY(reader.time("at"));
  record.decision = TRY(reader.text("decision"));
  record.entry.account = TRY(reader.text_or("account", ""));
  record.entry.key = TRY(reader.text_or("key", ""));
  record.entry.session = TRY(reader.text_or("session", ""));
  record.entry.source = TRY(reader.text_or("source", ""));
  record.entry.detail = TRY(reader.text_or("detail", ""));
  TRY(reader.finish());
  return record;
}

}  // namespace

std::string_view name_of(Decision decision) {
  switch (decision) {
#define X(name)        \
  case Decision::name: \
    return #name;
    COUNTERSIGN_DECISIONS(X)
#undef X
  }
  return "";
}

std::string audit_folder(std::string_view writer) {
  return std::string(kAudit) + std::string(writer) + "/";
}

std::string audit_name(std::string_view writer, std::int64_t number) {
  return storage::numbered_name(audit_folder(writer), number);
}

Bytes close_audit_record(const secrets::RecordSeal& seal, std::string_view name, const AuditRecord& record) {
  Bytes body = from_hex(record.previous).value();
  append_integer(body, static_cast<std::uint64_t>(unix_seconds(record.entry.at)), kTimeBytes);
  append_integer(body, static_cast<std::uint64_t>(record.entry.decision), kDecisionBytes);
  for (const Field& field : kFields) append_field(body, field, record.entry.*field.member);
  return seal.close_packed(name, body);
}

Result<AuditRecord> parse_audit_record(std::string_view name, ByteView bytes) {
  const std::string_view folder = name.substr(0, name.rfind('/') + 1);
  const auto number = storage::number_named_in(folder, name);
  if (!number || !folder.starts_with(kAudit)) return fail(ErrorCode::record_unreadable, std::string(name));
  if (!secrets::is_packed(bytes)) return secrets::understood(name, parse_json_record(bytes));
  AuditRecord record = TRY(secrets::understood(name, parse_body(secrets::packed_body(bytes))));
  record.writer = folder.substr(kAudit.size(), folder.size() - kAudit.size() - 1);
  record.number = *number;
  return record;
}

Result<AuditRecord> open_audit_record(const secrets::RecordSeal& seal, std::string_view name, ByteView bytes) {
  TRY(seal.verify(name, bytes));
  return parse_audit_record(name, bytes);
}

Result<std::optional<AuditRecord>> find_audit_record(storage::Medium& medium, const secrets::RecordSeal& seal,
                                                     std::string_view name) {
  const auto entry = TRY(storage::find(medium, name));
  if (!entry) return std::optional<AuditRecord>();
  return std::optional<AuditRecord>(TRY(open_audit_record(seal, name, entry->bytes)));
}

}  // namespace countersign::auth::records
