// A backup as a file: the records of a medium by name, one after the other, under one MAC.
//
//   countersign-backup-v1
//   server: https://auth.example.org
//   store: <64 lower-case hex digits: which store it is>
//   made: 2026-11-22T01:20:00Z
//   key: <16 lower-case hex digits: the record key that the MAC is made with>
//
//   put <bytes> <name>
//   <so many bytes>
//   erase <name>
//   ...
//   end <puts> <erases> <bytes put>
//   mac: <base64url, 32 bytes>
//
// One LF ends each line and each value; numbers without leading zeros. Lines hold in their order: a name that comes
// again replaces or takes away what stood before, so that a backup of a store in use can be written as it is read. The
// MAC is HMAC-SHA-256 under HKDF(record key, "countersign backup v1") over all before the line `mac:`, which is the
// last; a file that ends before it is not complete. Secrets of the server are never in it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "auth/secrets/secrets.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

struct BackupHead {
  std::string server;
  std::string store;
  Instant made_at{};
};

struct BackupCounts {
  std::int64_t puts = 0;
  std::int64_t erases = 0;
  std::int64_t bytes = 0;  // of the values that were put
};

struct BackupRecord {
  std::string name;
  std::optional<Bytes> bytes;  // nothing: the name is taken away
};

// Takes all of it, or fails.
using ByteSink = std::function<Status(ByteView)>;
// Fills at most the span, and says how much; 0 at the end.
using ByteSource = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

// One thread. What a sink fails with.
class BackupWriter {
 public:
  // Writes the head.
  static Result<BackupWriter> begin(const BackupHead& head, const secrets::SecretKey& record_key, ByteSink sink);
  Status put(std::string_view name, ByteView bytes);
  Status erase(std::string_view name);
  Status finish();
  const BackupCounts& counts() const { return counts_; }

 private:
  BackupWriter(const secrets::SecretKey& record_key, ByteSink sink);
  Status write(std::string_view text, ByteView bytes);

  HmacSha256 mac_;
  ByteSink sink_;
  BackupCounts counts_;
};

// One thread. Nothing of what it gives may be relied on before it has given all: only then did the MAC hold. Fails with
// what the source fails with, and with file_incomplete, malformed_message, unknown_version, secret_missing (of another
// server, or the key was retired since) and record_tampered.
class BackupReader {
 public:
  // Reads the head; `secrets` is not kept. `own` is what the head of a backup of this server would say, its store empty
  // where that is not known; a backup without its key that says another is another's: server_mismatch.
  static Result<BackupReader> begin(ByteSource source, const secrets::Secrets& secrets,
                                    const std::optional<BackupHead>& own = std::nullopt);
  const BackupHead& head() const { return head_; }
  // Nothing: that was all, and the MAC holds.
  Result<std::optional<BackupRecord>> next();
  const BackupCounts& counts() const { return counts_; }

 private:
  BackupReader(ByteSource source) : source_(std::move(source)) {}
  Status read_head(const secrets::Secrets& secrets, const std::optional<BackupHead>& own);
  Status read_end(std::string_view counts);
  Result<BackupRecord> read_put(std::string_view what);
  // Without its LF.
  Result<std::string> line();
  Result<Bytes> take(std::size_t size);
  // At least one more byte in the buffer, or false at the end.
  Result<bool> refill();

  ByteSource source_;
  BackupHead head_;
  std::optional<HmacSha256> mac_;
  BackupCounts counts_;
  Bytes buffer_;
  std::size_t at_ = 0;
};

}  // namespace countersign::auth::records
