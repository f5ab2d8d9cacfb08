#include "auth/records/audit_search.hpp"
#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

constexpr std::int64_t kAuditListMax = 10'000;

// Names beside ids. An account that is deleted or damaged has none, and that is no reason to show no record.
class Usernames {
 public:
  explicit Usernames(auth::records::Accounts& accounts) : accounts_(accounts) {}

  const std::string& of(const std::string& account) {
    const auto [known, is_new] = names_.try_emplace(account);
    if (!is_new || account.empty()) return known->second;
    const auto stored = accounts_.find(account);
    if (stored && *stored) known->second = (*stored)->account.username;
    return known->second;
  }

 private:
  auth::records::Accounts& accounts_;
  std::map<std::string, std::string> names_;
};

Json audit_fields(const auth::records::AuditRecord& record, Usernames& usernames) {
  return Json::object()
      .set("writer", record.writer)
      .set("number", record.number)
      .set("at", format_time(record.entry.at))
      .set("decision", record.decision)
      .set("account", record.entry.account)
      .set("username", usernames.of(record.entry.account))
      .set("key", record.entry.key)
      .set("session", record.entry.session)
      .set("source", record.entry.source)
      .set("detail", record.entry.detail);
}

// An account that never was has no decisions, and its name was mistyped.
Result<std::string> take_decided_on(JsonReader& reader, auth::records::Accounts& accounts) {
  if (!reader.has("username") && !reader.has("account")) return std::string();
  std::string account = TRY(take_account(reader));
  const auto stored = accounts.find(account);
  if (stored && !*stored) return fail(ErrorCode::not_found, "no such account");
  return account;
}

// Of each writer, the number that is known already.
Result<std::map<std::string, std::int64_t>> take_after(JsonReader& reader) {
  std::map<std::string, std::int64_t> after;
  if (!reader.has("after")) return after;
  const Json member = reader.take("after");
  if (member.members() == nullptr) return fail(ErrorCode::malformed_message, "'after' is an object of numbers");
  JsonReader numbers(member);
  for (const auto& [writer, number] : *member.members()) after[writer] = TRY(numbers.integer(writer));
  return after;
}

Json damaged_fields(const std::vector<auth::records::DamagedRecord>& damaged) {
  Json list = Json::array();
  for (const auto& one : damaged) {
    list.push(Json::object().set("writer", one.writer).set("number", one.number).set("error", name_of(one.error)));
  }
  return list;
}

}  // namespace

Result<Json> list_audit(const Message& message, const auth::Context& context) {
  JsonReader reader(message.fields);
  auth::records::AuditQuery query;
  query.writer = TRY(reader.text_or("writer", ""));
  const std::int64_t limit = TRY(reader.integer_or("limit", 100));
  query.before = TRY(reader.integer_or("before", 0));
  query.since = TRY(reader.time_if_any("since"));
  query.decision = TRY(reader.text_or("decision", ""));
  query.account = TRY(take_decided_on(reader, context.accounts));
  const bool goes_on = reader.has("after");
  query.after = TRY(take_after(reader));
  TRY(reader.finish());
  if (limit < 1 || limit > kAuditListMax) return fail(ErrorCode::malformed_message, "'limit' is 1 to 10000");
  query.limit = static_cast<std::size_t>(limit);
  if (query.before != 0 && query.writer.empty()) {
    return fail(ErrorCode::malformed_message, "'before' is a number of one 'writer'");
  }
  const auto found = TRY(auth::records::search_audit(context.audit, query, message.progress));
  Usernames usernames(context.accounts);
  Json records = Json::array();
  for (const auto& record : found.records) records.push(audit_fields(record, usernames));
  Json answer = Json::object().set("records", std::move(records));
  if (!found.damaged.empty()) answer.set("damaged", damaged_fields(found.damaged));
  // Where to go on towards the beginning, and towards what is yet to come.
  if (!query.writer.empty() && !found.records.empty() && found.records.front().number > 1) {
    answer.set("before", found.records.front().number);
  }
  if (!goes_on) return answer;
  Json heads = Json::object();
  for (const auto& [writer, number] : found.heads) heads.set(writer, number);
  return std::move(answer.set("after", std::move(heads)));
}

Result<Json> verify_audit(const Message& message, auth::records::Audit& audit) {
  TRY(JsonReader(message.fields).finish());
  const auto report = TRY(audit.verify(message.progress));
  Json faults = Json::array();
  for (const std::string& fault : report.faults) faults.push(fault);
  Json answer = Json::object().set("intact", report.faults.empty()).set("records", report.records);
  if (!report.cut_off.empty()) {
    Json cut_off = Json::array();
    for (const auth::records::CutOff& one : report.cut_off) cut_off.push(text_of(one));
    answer.set("cut_off_by_restores", std::move(cut_off));
  }
  return answer.set("faults", std::move(faults));
}

}  // namespace countersign::transport
