#include "auth/records/consumed.hpp"

namespace countersign::auth::records {

std::string consumed_name(std::string_view tag) {
  return "consumed/" + std::string(tag);
}

Json write_consumed(const Consumed& consumed) {
  Json json = Json::object().set("version", 1).set("keep_until", format_time(consumed.keep_until));
  if (!consumed.grant.empty()) json.set("grant", consumed.grant);
  return json;
}

Result<Consumed> parse_consumed(const Json& json) {
  const auto parse = [&]() -> Result<Consumed> {
    JsonReader reader(json);
    TRY(secrets::check_record_version(reader));
    Consumed consumed;
    consumed.keep_until = TRY(reader.time("keep_until"));
    consumed.grant = TRY(reader.text_or("grant", ""));
    TRY(reader.finish());
    return consumed;
  };
  return secrets::understood("consumed challenge", parse());
}

Result<std::optional<Consumed>> find_consumed(storage::Medium& medium, const secrets::RecordSeal& seal,
                                              std::string_view tag) {
  const auto entry = TRY(find_record(medium, seal, consumed_name(tag)));
  if (!entry) return std::optional<Consumed>();
  return std::optional<Consumed>(TRY(parse_consumed(entry->record)));
}

void stage_consumed(storage::Batch& batch, const secrets::RecordSeal& seal, const OpenedChallenge& opened,
                    std::string grant) {
  const std::string name = consumed_name(opened.sealed.tag);
  batch.require_absent(name);
  batch.put(
      name,
      seal.close(name, write_consumed({opened.challenge.expires_at + kConsumedKeptAfterExpiry, std::move(grant)})));
}

}  // namespace countersign::auth::records
