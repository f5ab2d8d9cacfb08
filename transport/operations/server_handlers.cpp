#include "auth/upkeep/clock_upkeep.hpp"
#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

constexpr std::size_t kSessionsCountedMax = 10'000;

Json cache_fields(const auth::records::VerifiedRecords::Counts& counts) {
  const auto number = [](auto count) { return static_cast<std::int64_t>(count); };
  return Json::object()
      .set("served", number(counts.served))
      .set("compared", number(counts.compared))
      .set("opened", number(counts.opened))
      .set("records", number(counts.records))
      .set("bytes", number(counts.bytes));
}

Json list_of(const std::vector<std::string>& lines) {
  Json list = Json::array();
  for (const std::string& line : lines) list.push(line);
  return list;
}

Json time_or_null(const std::optional<Instant>& at) {
  return at ? Json(format_time(*at)) : Json();
}

Json number_or_null(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json();
}

Json store_fields(const auth::upkeep::Health& health) {
  Json fields = Json::object()
                    .set("kind", health.store.kind)
                    .set("bytes", number_or_null(health.store.bytes))
                    .set("disk_free_bytes", number_or_null(health.store.disk_free_bytes));
  if (!health.inspection) return std::move(fields.set("inspected_at", Json()));
  return std::move(fields.set("inspected_at", format_time(health.inspection->at))
                       .set("records", health.inspection->records)
                       .set("damaged", health.inspection->damaged));
}

Json secret_fields(const std::vector<auth::upkeep::SecretAge>& secrets) {
  Json list = Json::array();
  for (const auto& secret : secrets) {
    list.push(Json::object()
                  .set("family", name_of(secret.family))
                  .set("id", secret.id)
                  .set("since", format_time(secret.since))
                  .set("next", time_or_null(secret.next)));
  }
  return list;
}

Json backup_fields(const std::optional<auth::upkeep::BackupNote>& backup) {
  if (!backup) return {};
  return Json::object().set("at", format_time(backup->at)).set("records", backup->records).set("bytes", backup->bytes);
}

// Counted so far at most: that stays cheap.
Json session_count_fields(const auth::upkeep::SessionCount& sessions) {
  return Json::object().set("open", sessions.open).set("more", sessions.more);
}

Json refusal_fields(const auth::upkeep::RecentRefusals& refusals) {
  Json counts = Json::object();
  for (const auto& [code, count] : refusals.counts) counts.set(code, count);
  return Json::object().set("since", format_time(refusals.since)).set("counts", std::move(counts));
}

}  // namespace

Result<Json> show_health(const Message& message) {
  TRY(JsonReader(message.fields).finish());
  return Json::object().set("status", "ok");
}

Result<Json> show_ready(const Message& message, auth::Authenticator& auth) {
  TRY(JsonReader(message.fields).finish());
  const auth::upkeep::Health health = TRY(auth.ready());
  Json answer = Json::object().set("status", "ready").set("record_cache", cache_fields(auth.roles().verified.counts()));
  if (health.warnings.empty()) return answer;
  return std::move(answer.set("warnings", list_of(health.warnings)));
}

Result<Json> show_status(const Message& message, auth::Authenticator& auth, const auth::Context& context) {
  JsonReader reader(message.fields);
  const bool deep = TRY(reader.boolean_or("deep", false));
  TRY(reader.finish());
  std::optional<auth::upkeep::Inspected> inspected;
  if (deep) {
    inspected = TRY(auth::upkeep::Inspection(context).run(message.progress));
    TRY(auth::upkeep::note_inspection(context,
                                      {context.timekeeper.now().wall, inspected->records, inspected->damaged}));
  }
  const auto ready = auth.ready();
  const auth::upkeep::Health health = ready ? *ready : auth.health();
  Json answer = Json::object()
                    .set("status", ready ? "ready" : name_of(ready.error().code))
                    .set("server", context.identity.name())
                    .set("fingerprint", context.identity.fingerprint().upper())
                    .set("version", COUNTERSIGN_VERSION);
  if (!ready) answer.set("reason", ready.error().detail);
  if (!health.warnings.empty()) answer.set("warnings", list_of(health.warnings));
  answer.set("store", store_fields(health))
      .set("ballast", auth::upkeep::name_of(health.ballast))
      .set("clock", health.clock)
      .set("key_ends", time_or_null(health.key_ends))
      .set("secrets", secret_fields(health.secrets))
      .set("backup", backup_fields(health.backup))
      .set("sessions", session_count_fields(TRY(auth::upkeep::count_sessions(context, kSessionsCountedMax))))
      .set("refusals", refusal_fields(TRY(auth::upkeep::recent_refusals(context, context.timekeeper.now().wall))));
  if (!inspected) return answer;
  return answer.set("records", inspected->records)
      .set("damaged", inspected->damaged)
      .set("faults", list_of(inspected->faults));
}

Result<Json> show_server(const Message& message, const auth::Context& context) {
  TRY(JsonReader(message.fields).finish());
  // Who knows the server by a former key is led to the present one.
  Json former = Json::array();
  for (const auto& one : context.identity.followed_at(context.timekeeper.now().wall)) {
    former.push(Json::object()
                    .set("fingerprint", one.fingerprint.upper())
                    .set("public_key", one.armored)
                    .set("succession", one.succession)
                    .set("signature", one.succession_signature));
  }
  return Json::object()
      .set("server", context.identity.name())
      .set("fingerprint", context.identity.fingerprint().upper())
      .set("public_key", context.identity.certificate_armored())
      .set("former", std::move(former))
      .set("registration", auth::kRegistrations.of(context.policies.registration))
      .set("version", COUNTERSIGN_VERSION);
}

Result<Json> accept_clock(const Message& message, const auth::Context& context) {
  TRY(JsonReader(message.fields).finish());
  TRY(auth::upkeep::accept_clock(context, visit_of(message)));
  return Json::object().set("status", "accepted");
}

}  // namespace countersign::transport
