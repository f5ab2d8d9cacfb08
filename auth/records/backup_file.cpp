#include "auth/records/backup_file.hpp"

#include <fmt/format.h>

#include "storage/base/text.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::string_view kFormat = "countersign-backup-v1";
constexpr std::string_view kInfo = "countersign backup v1";
constexpr std::size_t kLineBytesMax = 512;
constexpr std::size_t kBufferBytes = 64u << 10;

HmacSha256 mac_under(const secrets::SecretKey& key) {
  return HmacSha256(hkdf_sha256(key.key, as_bytes(kInfo), 32));
}

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::malformed_message, "the backup: " + std::string(what));
}

Result<std::int64_t> number_in(std::string_view digits) {
  const auto number = parse_number(digits);
  if (!number) return malformed("a number");
  return *number;
}

// Takes `name: value`.
Result<std::string> value_of(std::string_view line, std::string_view name) {
  if (!line.starts_with(name) || !line.substr(name.size()).starts_with(": ")) return malformed(name);
  return std::string(line.substr(name.size() + 2));
}

// The secrets that it needs would be another server's here.
Status judge_origin(const BackupHead& head, const BackupHead& own) {
  if (head.server == own.server && (own.store.empty() || head.store == own.store)) return ok();
  return fail(
      ErrorCode::server_mismatch,
      fmt::format("the backup is of {}'{}', made {}; restore it into a data folder of its own, with the secrets "
                  "and the countersign.toml that were saved with it",
                  head.server == own.server ? "another store of " : "the server ", head.server,
                  format_time(head.made_at)));
}

}  // namespace

BackupWriter::BackupWriter(const secrets::SecretKey& record_key, ByteSink sink)
    : mac_(mac_under(record_key)), sink_(std::move(sink)) {}

Result<BackupWriter> BackupWriter::begin(const BackupHead& head, const secrets::SecretKey& record_key, ByteSink sink) {
  BackupWriter writer(record_key, std::move(sink));
  TRY(writer.write(fmt::format("{}\nserver: {}\nstore: {}\nmade: {}\nkey: {}\n\n", kFormat, head.server, head.store,
                               format_time(head.made_at), record_key.id),
                   {}));
  return writer;
}

Status BackupWriter::write(std::string_view text, ByteView bytes) {
  std::string piece(text);
  piece += as_text(bytes);
  mac_.add(as_bytes(piece));
  return sink_(as_bytes(piece));
}

Status BackupWriter::put(std::string_view name, ByteView bytes) {
  ++counts_.puts;
  counts_.bytes += static_cast<std::int64_t>(bytes.size());
  TRY(write(fmt::format("put {} {}\n", bytes.size(), name), bytes));
  return write("\n", {});
}

Status BackupWriter::erase(std::string_view name) {
  ++counts_.erases;
  return write(fmt::format("erase {}\n", name), {});
}

Status BackupWriter::finish() {
  TRY(write(fmt::format("end {} {} {}\n", counts_.puts, counts_.erases, counts_.bytes), {}));
  return sink_(as_bytes(fmt::format("mac: {}\n", base64url(mac_.finish()))));
}

Result<BackupReader> BackupReader::begin(ByteSource source, const secrets::Secrets& secrets,
                                         const std::optional<BackupHead>& own) {
  BackupReader reader(std::move(source));
  TRY(reader.read_head(secrets, own));
  return reader;
}

Result<bool> BackupReader::refill() {
  if (at_ < buffer_.size()) return true;
  buffer_.resize(kBufferBytes);
  at_ = 0;
  const auto got = source_(buffer_);
  buffer_.resize(got ? *got : 0);
  if (!got) return tl::unexpected<Error>(got.error());
  return !buffer_.empty();
}

Result<std::string> BackupReader::line() {
  std::string text;
  while (text.size() <= kLineBytesMax) {
    if (!TRY(refill())) return fail(ErrorCode::file_incomplete, "the backup ends before its end");
    const char next = static_cast<char>(buffer_[at_++]);
    if (next == '\n') return text;
    text += next;
  }
  return malformed("a line is too long");
}

Result<Bytes> BackupReader::take(std::size_t size) {
  Bytes bytes;
  while (bytes.size() < size) {
    if (!TRY(refill())) return fail(ErrorCode::file_incomplete, "the backup ends before its end");
    const std::size_t more = std::min(size - bytes.size(), buffer_.size() - at_);
    append(bytes, ByteView(buffer_).subspan(at_, more));
    at_ += more;
  }
  return bytes;
}

Status BackupReader::read_head(const secrets::Secrets& secrets, const std::optional<BackupHead>& own) {
  std::string head;
  const auto next = [&]() -> Result<std::string> {
    std::string one = TRY(line());
    head += one + "\n";
    return one;
  };
  const std::string format = TRY(next());
  if (format != kFormat) {
    if (format.starts_with("countersign-backup-")) return fail(ErrorCode::unknown_version, escape_for_display(format));
    return malformed("it does not begin as one does");
  }
  head_.server = TRY(value_of(TRY(next()), "server"));
  head_.store = TRY(value_of(TRY(next()), "store"));
  const auto made_at = parse_time(TRY(value_of(TRY(next()), "made")));
  const std::string key_id = TRY(value_of(TRY(next()), "key"));
  if (has_unprintable(head_.server) || !is_lower_hex(head_.store, 64) || !made_at || !is_lower_hex(key_id, 16) ||
      !TRY(next()).empty()) {
    return malformed("its head");
  }
  head_.made_at = *made_at;
  const secrets::SecretKey* key = secrets.find_record_key(key_id);
  if (key == nullptr) {
    if (own) TRY(judge_origin(head_, *own));
    return fail(ErrorCode::secret_missing,
                "the backup is under record key " + key_id + ": put the secrets folder back that was saved with it");
  }
  mac_ = mac_under(*key);
  mac_->add(as_bytes(head));
  return ok();
}

Result<BackupRecord> BackupReader::read_put(std::string_view what) {
  const auto blank = what.find(' ');
  if (blank == std::string_view::npos) return malformed("a record");
  const auto size = static_cast<std::size_t>(TRY(number_in(what.substr(0, blank))));
  BackupRecord record;
  record.name = what.substr(blank + 1);
  if (size > storage::kValueBytesMax || !storage::check_name(record.name)) return malformed("a record");
  record.bytes = TRY(take(size));
  mac_->add(*record.bytes);
  if (!TRY(line()).empty()) return malformed("a record");
  mac_->add(as_bytes("\n"));
  ++counts_.puts;
  counts_.bytes += static_cast<std::int64_t>(size);
  return record;
}

Result<std::optional<BackupRecord>> BackupReader::next() {
  const std::string what = TRY(line());
  mac_->add(as_bytes(what + "\n"));
  if (what.starts_with("put ")) return std::optional(TRY(read_put(std::string_view(what).substr(4))));
  if (what.starts_with("erase ")) {
    BackupRecord record{what.substr(6), std::nullopt};
    if (!storage::check_name(record.name)) return malformed("a record");
    ++counts_.erases;
    return std::optional(std::move(record));
  }
  if (!what.starts_with("end ")) return malformed("a record");
  TRY(read_end(std::string_view(what).substr(4)));
  return std::optional<BackupRecord>();
}

Status BackupReader::read_end(std::string_view counts) {
  const auto tag = from_base64url(TRY(value_of(TRY(line()), "mac")));
  if (!tag || !equal_constant_time(*tag, mac_->finish())) {
    return fail(ErrorCode::record_tampered, "the backup was changed since it was made");
  }
  if (counts != fmt::format("{} {} {}", counts_.puts, counts_.erases, counts_.bytes)) return malformed("its counts");
  if (TRY(refill())) return malformed("something stands behind its end");
  return ok();
}

}  // namespace countersign::auth::records
