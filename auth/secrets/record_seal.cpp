#include "auth/secrets/record_seal.hpp"

#include <array>

#include "storage/base/text.hpp"

namespace countersign::auth::secrets {
namespace {

constexpr std::string_view kInfo = "countersign record v1";

HmacSha256Key ready_key(const SecretKey& key) {
  return HmacSha256Key(hkdf_sha256(key.key, as_bytes(kInfo), 32));
}

Json with_mac(Json record, const SecretKey& key, const Digest& tag) {
  record.set("mac", Json::object().set("key", key.id).set("tag", base64url(tag)));
  return record;
}

}  // namespace

RecordSeal::RecordSeal(const Secrets& secrets) : secrets_(secrets) {
  for (const SecretFamily family : {SecretFamily::record, SecretFamily::audit}) {
    for (const SecretKey& key : secrets.family(family)) {
      ready_.emplace(key.id, ready_key(key));
    }
  }
}

Digest RecordSeal::tag_of(const SecretKey& key, std::string_view name, std::string_view text) const {
  constexpr std::array<std::uint8_t, 1> kEnd{0};
  // Not there: the secrets were loaded anew in the same place since.
  const auto found = ready_.find(key.id);
  const auto tag = [&](const HmacSha256Key& ready) { return ready.tag({as_bytes(name), kEnd, as_bytes(text)}); };
  return found == ready_.end() ? tag(ready_key(key)) : tag(found->second);
}

Bytes RecordSeal::close(std::string_view name, Json record) const {
  const SecretKey& key = secrets_.newest_record_key();
  const Digest tag = tag_of(key, name, write_json(record));
  return to_bytes(write_json(with_mac(std::move(record), key, tag)));
}

Result<Json> RecordSeal::open(std::string_view name, ByteView bytes) const {
  const auto unreadable = [&](std::string_view why) {
    return fail(ErrorCode::record_unreadable, std::string(name) + ": " + std::string(why));
  };
  auto parsed = parse_json(as_text(bytes));
  if (!parsed) return unreadable(parsed.error().detail);
  if (parsed->members() == nullptr) return unreadable("not a sealed record");
  const Json* mac = parsed->find("mac");
  const Json* key_id = mac == nullptr ? nullptr : mac->find("key");
  const Json* tag = mac == nullptr ? nullptr : mac->find("tag");
  if (key_id == nullptr || tag == nullptr || key_id->string() == nullptr || tag->string() == nullptr) {
    return unreadable("without a MAC");
  }
  const SecretKey* key = secrets_.find_key_of_record(*key_id->string(), name);
  if (key == nullptr) {
    return fail(ErrorCode::secret_missing,
                std::string(name) + " names record key " + escape_for_display(*key_id->string(), 32));
  }
  const auto claimed = from_base64url(*tag->string());
  Json record = *parsed;
  record.erase("mac");
  const Digest expected = tag_of(*key, name, write_json(record));
  if (!claimed || !equal_constant_time(*claimed, expected)) return fail(ErrorCode::record_tampered, std::string(name));
  // The MAC covers the members, not how they and it are written down.
  if (write_json(with_mac(record, *key, expected)) != as_text(bytes))
    return unreadable("not written as a sealed record");
  return record;
}

std::optional<std::string> record_key_named_in(ByteView bytes) {
  const auto parsed = parse_json(as_text(bytes));
  const Json* mac = parsed && parsed->members() != nullptr ? parsed->find("mac") : nullptr;
  const Json* key = mac == nullptr || mac->members() == nullptr ? nullptr : mac->find("key");
  return key == nullptr || key->string() == nullptr ? std::nullopt : std::optional(*key->string());
}

Result<std::optional<SealedEntry>> find_record(storage::Medium& medium, const RecordSeal& seal, std::string_view name) {
  const auto entry = TRY(storage::find(medium, name));
  if (!entry) return std::optional<SealedEntry>();
  return std::optional<SealedEntry>(SealedEntry{TRY(seal.open(name, entry->bytes)), entry->version});
}

Status check_record_version(JsonReader& reader) {
  const std::int64_t version = TRY(reader.integer("version"));
  if (version != 1) return fail(ErrorCode::unknown_version, "record version " + std::to_string(version));
  return ok();
}

}  // namespace countersign::auth::secrets
