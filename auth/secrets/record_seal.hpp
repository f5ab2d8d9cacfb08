// A MAC over every record of the server's own, bound to the record's name: who can write the medium can neither change
// a record nor move one to another name.
//
// A sealed record is a JSON object whose last member is `"mac": {"key": <record key id>, "tag": <base64url, 32
// bytes>}`; the tag is HMAC-SHA-256 under HKDF(record key, "countersign record v1") over name ‖ 0x00 ‖ the object
// without `mac`, written compactly. Only that one way of writing it opens.
//
// A record that there are very many of is packed: the byte 0x02, a body, the record key's id (8 bytes) and the tag (32
// bytes), which is the same HMAC over name ‖ 0x00 ‖ 0x02 ‖ body. No JSON object begins with that byte.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "auth/secrets/secrets.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::secrets {

// Any thread; `secrets` outlives it.
class RecordSeal {
 public:
  // Makes the keys ready.
  explicit RecordSeal(const Secrets& secrets);

  // `record` is an object that is not empty.
  Bytes close(std::string_view name, const Json& record) const;
  // The object without `mac`. record_unreadable (no MAC at its end), record_tampered, secret_missing.
  Result<Json> open(std::string_view name, ByteView bytes) const;

  // The same of a packed record.
  Bytes close_packed(std::string_view name, ByteView body) const;
  // Does the MAC hold, of a record of either form? As open().
  Status verify(std::string_view name, ByteView bytes) const;

 private:
  Digest tag_of(const SecretKey& key, std::string_view name, ByteView text) const;
  Result<const SecretKey*> key_of(std::string_view name, std::string_view key_id) const;

  const Secrets& secrets_;
  std::map<std::string, HmacSha256Key, std::less<>> ready_;  // by the id of the key
};

bool is_packed(ByteView bytes);
// Of a packed record, a part of its bytes; whether the MAC holds is another question.
ByteView packed_body(ByteView bytes);

// The id of the key that these bytes say they are under; nothing where they are no sealed record. Whether the MAC holds
// is another question.
std::optional<std::string> record_key_named_in(ByteView bytes);

struct SealedEntry {
  Json record;
  storage::Version version;
};
// Reads and opens; nothing where the name is absent. Fails as Medium::read and RecordSeal::open do.
Result<std::optional<SealedEntry>> find_record(storage::Medium& medium, const RecordSeal& seal, std::string_view name);

// Every record begins with `"version": 1`; unknown_version for another.
Status check_record_version(JsonReader& reader);

// A record whose MAC holds and that still cannot be understood is record_unreadable, never the sender's mistake.
template <class T>
Result<T> understood(std::string_view name, Result<T> parsed) {
  if (parsed) return parsed;
  return fail(ErrorCode::record_unreadable,
              std::string(name) + ": " + std::string(name_of(parsed.error().code)) + ": " + parsed.error().detail);
}

}  // namespace countersign::auth::secrets
