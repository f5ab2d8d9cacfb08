#include "auth/records/audit_record.hpp"

#include "auth/secrets/record_seal.hpp"
#include "storage/numbered_names.hpp"

namespace countersign::auth::records {
namespace {

Result<AuditRecord> parse_audit_record_members(const Json& json) {
  JsonReader reader(json);
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
  return "audit/" + std::string(writer) + "/";
}

std::string audit_name(std::string_view writer, std::int64_t number) {
  return storage::numbered_name(audit_folder(writer), number);
}

Json write_audit_record(const AuditRecord& record) {
  Json json = Json::object()
                  .set("version", 1)
                  .set("writer", record.writer)
                  .set("number", record.number)
                  .set("previous", record.previous)
                  .set("at", format_time(record.entry.at))
                  .set("decision", name_of(record.entry.decision));
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) json.set(name, value);
  };
  add("account", record.entry.account);
  add("key", record.entry.key);
  add("session", record.entry.session);
  add("source", record.entry.source);
  add("detail", record.entry.detail);
  return json;
}

Result<AuditRecord> parse_audit_record(const Json& json) {
  return secrets::understood("audit record", parse_audit_record_members(json));
}

}  // namespace countersign::auth::records
