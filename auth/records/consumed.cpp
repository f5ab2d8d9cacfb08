#include "auth/records/consumed.hpp"

namespace countersign::auth::records {
namespace {

Json write_waiting(const WaitingLogin& waiting) {
  return Json::object()
      .set("account", waiting.account)
      .set("key", waiting.key.upper())
      .set("epoch", static_cast<std::int64_t>(waiting.epoch))
      .set("expires_at", format_time(waiting.expires_at))
      .set("wrong_codes", waiting.wrong_codes);
}

Result<WaitingLogin> parse_waiting(const Json& json) {
  JsonReader reader(json);
  WaitingLogin waiting;
  waiting.account = TRY(reader.text("account"));
  waiting.key = TRY(Fingerprint::parse(TRY(reader.text("key"))));
  waiting.epoch = static_cast<std::uint64_t>(TRY(reader.integer("epoch")));
  waiting.expires_at = TRY(reader.time("expires_at"));
  waiting.wrong_codes = TRY(reader.integer("wrong_codes"));
  TRY(reader.finish());
  return waiting;
}

}  // namespace

std::string consumed_name(std::string_view tag) {
  return "consumed/" + std::string(tag);
}

Json write_consumed(const Consumed& consumed) {
  Json json = Json::object().set("version", 1).set("keep_until", format_time(consumed.keep_until));
  if (!consumed.grant.empty()) json.set("grant", consumed.grant);
  if (consumed.waiting) json.set("waiting", write_waiting(*consumed.waiting));
  return json;
}

Result<Consumed> parse_consumed(const Json& json) {
  const auto parse = [&]() -> Result<Consumed> {
    JsonReader reader(json);
    TRY(secrets::check_record_version(reader));
    Consumed consumed;
    consumed.keep_until = TRY(reader.time("keep_until"));
    consumed.grant = TRY(reader.text_or("grant", ""));
    if (reader.has("waiting")) consumed.waiting = TRY(parse_waiting(reader.take("waiting")));
    TRY(reader.finish());
    return consumed;
  };
  return secrets::understood("consumed challenge", parse());
}

Result<std::optional<Consumed>> find_consumed(storage::Medium& medium, const secrets::RecordSeal& seal,
                                              std::string_view tag) {
  auto stored = TRY(find_stored_consumed(medium, seal, tag));
  if (!stored) return std::optional<Consumed>();
  return std::optional<Consumed>(std::move(stored->consumed));
}

Result<std::optional<StoredConsumed>> find_stored_consumed(storage::Medium& medium, const secrets::RecordSeal& seal,
                                                           std::string_view tag) {
  const auto entry = TRY(find_record(medium, seal, consumed_name(tag)));
  if (!entry) return std::optional<StoredConsumed>();
  return std::optional<StoredConsumed>({TRY(parse_consumed(entry->record)), entry->version});
}

void stage_consumed(storage::Batch& batch, const secrets::RecordSeal& seal, const OpenedChallenge& opened,
                    std::string grant, std::optional<WaitingLogin> waiting) {
  const std::string name = consumed_name(opened.sealed.tag);
  batch.require_absent(name);
  const Consumed consumed{opened.challenge.expires_at + kConsumedKeptAfterExpiry, std::move(grant), std::move(waiting)};
  batch.put(name, seal.close(name, write_consumed(consumed)));
}

void stage_waiting(storage::Batch& batch, const secrets::RecordSeal& seal, std::string_view tag, StoredConsumed over,
                   std::optional<WaitingLogin> waiting) {
  const std::string name = consumed_name(tag);
  over.consumed.waiting = std::move(waiting);
  batch.require_version(name, over.version);
  batch.put(name, seal.close(name, write_consumed(over.consumed)));
}

Status judge_code(const WaitingLogin& waiting, std::string_view expected, std::string_view typed, Instant now) {
  if (waiting.wrong_codes >= kCodeTriesMax) return fail(ErrorCode::challenge_consumed, "by wrong codes");
  if (now >= waiting.expires_at) return fail(ErrorCode::challenge_expired, "code");
  if (!equal_constant_time(as_bytes(expected), as_bytes(typed))) {
    return fail(ErrorCode::challenge_invalid, "code: another one");
  }
  return ok();
}

}  // namespace countersign::auth::records
