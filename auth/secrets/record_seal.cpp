#include "auth/secrets/record_seal.hpp"

#include <fmt/format.h>

#include <array>

#include "storage/base/text.hpp"

namespace countersign::auth::secrets {
namespace {

constexpr std::string_view kInfo = "countersign record v1";

HmacSha256Key ready_key(const SecretKey& key) {
  return HmacSha256Key(hkdf_sha256(key.key, as_bytes(kInfo), 32));
}

// A sealed record is what is under the MAC, without its last brace, and then this end, of one length.
constexpr std::string_view kEndBegins = R"(,"mac":{"key":")";
constexpr std::size_t kKeyIdBytes = 16;
constexpr std::uint8_t kPacked = 2;
constexpr std::size_t kTagBytes = 32;
constexpr std::size_t kPackedEndBytes = kKeyIdBytes / 2 + kTagBytes;
constexpr std::size_t kEndBytes = kEndBegins.size() + kKeyIdBytes + std::string_view(R"(","tag":"")").size() + 43 + 2;

std::string end_of(std::string_view key, const Digest& tag) {
  return fmt::format(R"({}{}","tag":"{}"}}}})", kEndBegins, key, base64url(tag));
}

}  // namespace

RecordSeal::RecordSeal(const Secrets& secrets) : secrets_(secrets) {
  for (const SecretFamily family : {SecretFamily::record, SecretFamily::audit}) {
    for (const SecretKey& key : secrets.family(family)) {
      ready_.emplace(key.id, ready_key(key));
    }
  }
}

Digest RecordSeal::tag_of(const SecretKey& key, std::string_view name, ByteView text) const {
  constexpr std::array<std::uint8_t, 1> kEnd{0};
  // Not there: the secrets were loaded anew in the same place since.
  const auto found = ready_.find(key.id);
  const auto tag = [&](const HmacSha256Key& ready) { return ready.tag({as_bytes(name), kEnd, text}); };
  return found == ready_.end() ? tag(ready_key(key)) : tag(found->second);
}

Result<const SecretKey*> RecordSeal::key_of(std::string_view name, std::string_view key_id) const {
  if (const SecretKey* key = secrets_.find_key_of_record(key_id, name)) return key;
  return fail(ErrorCode::secret_missing, std::string(name) + " names record key " + escape_for_display(key_id, 32));
}

Bytes RecordSeal::close(std::string_view name, const Json& record) const {
  const SecretKey& key = secrets_.newest_record_key();
  std::string text = write_json(record);
  const Digest tag = tag_of(key, name, as_bytes(text));
  text.replace(text.size() - 1, 1, end_of(key.id, tag));
  return to_bytes(text);
}

Result<Json> RecordSeal::open(std::string_view name, ByteView bytes) const {
  const auto unreadable = [&](std::string_view why) {
    return fail(ErrorCode::record_unreadable, std::string(name) + ": " + std::string(why));
  };
  const std::string_view text = as_text(bytes);
  if (text.size() <= kEndBytes) return unreadable("without a MAC");
  const std::size_t end = text.size() - kEndBytes;
  if (text.substr(end, kEndBegins.size()) != kEndBegins || !text.ends_with("\"}}")) return unreadable("without a MAC");
  const std::string_view key_id = text.substr(end + kEndBegins.size(), kKeyIdBytes);
  const SecretKey* key = TRY(key_of(name, key_id));
  const std::string record = std::string(text.substr(0, end)) + "}";
  // Nothing is parsed before it is known to be the server's. The end is compared as a whole: it is written in one way.
  if (!equal_constant_time(as_bytes(text.substr(end)),
                           as_bytes(end_of(key_id, tag_of(*key, name, as_bytes(record)))))) {
    return fail(ErrorCode::record_tampered, std::string(name));
  }
  auto parsed = parse_json(record);
  if (!parsed || parsed->members() == nullptr) return unreadable("not a JSON object");
  return parsed;
}

Bytes RecordSeal::close_packed(std::string_view name, ByteView body) const {
  const SecretKey& key = secrets_.newest_record_key();
  Bytes bytes{kPacked};
  append(bytes, body);
  const Digest tag = tag_of(key, name, bytes);
  append(bytes, from_hex(key.id).value());
  append(bytes, tag);
  return bytes;
}

Status RecordSeal::verify(std::string_view name, ByteView bytes) const {
  if (!is_packed(bytes)) {
    TRY(open(name, bytes));
    return ok();
  }
  const SecretKey* key = TRY(key_of(name, *record_key_named_in(bytes)));
  const ByteView under_tag = bytes.first(bytes.size() - kPackedEndBytes);
  if (equal_constant_time(tag_of(*key, name, under_tag), bytes.last(kTagBytes))) return ok();
  return fail(ErrorCode::record_tampered, std::string(name));
}

bool is_packed(ByteView bytes) {
  return bytes.size() > kPackedEndBytes && bytes.front() == kPacked;
}

ByteView packed_body(ByteView bytes) {
  return bytes.first(bytes.size() - kPackedEndBytes).subspan(1);
}

std::optional<std::string> record_key_named_in(ByteView bytes) {
  if (is_packed(bytes)) return hex(bytes.last(kPackedEndBytes).first(kKeyIdBytes / 2));
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
