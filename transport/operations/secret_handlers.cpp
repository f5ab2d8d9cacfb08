#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

Json use_fields(const auth::upkeep::KeyUse& use) {
  Json fields = Json::object();
  for (const auto& [kind, count] : use.counts) fields.set(kind, count);
  return fields;
}

// Never the key itself. `named_by` is null where it was not counted.
Json secret_fields(const auth::upkeep::SecretView& view) {
  return Json::object()
      .set("family", name_of(view.family))
      .set("id", view.id)
      .set("created_at", format_time(view.created_at))
      .set("from", format_time(view.from))
      .set("state", name_of(view.state))
      .set("safe_at", view.safe_at ? Json(format_time(*view.safe_at)) : Json())
      .set("named_by", view.use ? use_fields(*view.use) : Json());
}

}  // namespace

Result<Json> list_secrets(const Message& message, auth::upkeep::SecretUpkeep& upkeep) {
  TRY(JsonReader(message.fields).finish());
  Json secrets = Json::array();
  for (const auto& view : TRY(upkeep.list(message.progress))) secrets.push(secret_fields(view));
  return Json::object().set("secrets", std::move(secrets));
}

Result<Json> rotate_secret(const Message& message, auth::upkeep::SecretUpkeep& upkeep) {
  JsonReader reader(message.fields);
  const std::string family = TRY(reader.text("family"));
  const std::int64_t after = TRY(reader.integer_or("after_seconds", auth::upkeep::kTakeOver.count()));
  TRY(reader.finish());
  return secret_fields(TRY(upkeep.rotate(family, Seconds(after), visit_of(message))));
}

Result<Json> reseal_records(const Message& message, auth::upkeep::SecretUpkeep& upkeep) {
  TRY(JsonReader(message.fields).finish());
  const auto resealed = TRY(upkeep.reseal(visit_of(message), message.progress));
  Json faults = Json::array();
  for (const std::string& fault : resealed.faults) faults.push(fault);
  return Json::object().set("resealed", resealed.records).set("faults", std::move(faults));
}

Result<Json> retire_secret(const Message& message, auth::upkeep::SecretUpkeep& upkeep) {
  JsonReader reader(message.fields);
  const std::string id = TRY(reader.text("id"));
  const bool leaked = TRY(reader.boolean_or("leaked", false));
  TRY(reader.finish());
  const auto retired = TRY(upkeep.retire(id, leaked, visit_of(message), message.progress));
  return Json::object()
      .set("family", name_of(retired.family))
      .set("id", retired.id)
      .set("state", retired.kept_for_audit ? "kept for the audit record" : "destroyed");
}

}  // namespace countersign::transport
