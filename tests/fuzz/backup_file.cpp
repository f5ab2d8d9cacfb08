// What a backup's MAC covers is read in one way only, and nothing else is ever read to its end.
//
// An input is what stands between the head and the MAC. It is taken twice: with the right MAC behind it, so that every
// line is reached, and with none.
#include "auth/records/backup_file.hpp"
#include "tests/support/fuzz.hpp"
#include "tests/support/fuzz_secrets.hpp"

using namespace countersign;
using namespace countersign::auth;
using test::fuzz_secrets;

namespace {

const records::BackupHead kHead{"https://auth.example.org", std::string(64, 'a'), Instant()};

// In small pieces, so that no line and no value is seen whole by luck.
records::ByteSource source_of(std::string text) {
  return [text = std::move(text), at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const std::size_t size = std::min({out.size(), text.size() - at, std::size_t{7}});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
    at += size;
    return size;
  };
}

// Writes every record again; nothing where it is refused.
std::optional<std::string> read_and_write(std::string text) {
  std::string again;
  auto reader = records::BackupReader::begin(source_of(std::move(text)), fuzz_secrets());
  FUZZ_CHECK(reader.has_value());
  auto writer = records::BackupWriter::begin(kHead, fuzz_secrets().newest_record_key(), [&](ByteView bytes) -> Status {
    again += as_text(bytes);
    return ok();
  });
  FUZZ_CHECK(writer.has_value());
  while (true) {
    const auto record = reader->next();
    if (!record) {
      const ErrorCode code = record.error().code;
      FUZZ_CHECK(code == ErrorCode::malformed_message || code == ErrorCode::file_incomplete ||
                 code == ErrorCode::record_tampered);
      return std::nullopt;
    }
    if (!*record) break;
    const std::string& name = (*record)->name;
    FUZZ_CHECK(((*record)->bytes ? writer->put(name, *(*record)->bytes) : writer->erase(name)).has_value());
  }
  FUZZ_CHECK(writer->finish().has_value());
  return again;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  std::string text;
  const secrets::SecretKey& key = fuzz_secrets().newest_record_key();
  FUZZ_CHECK(records::BackupWriter::begin(kHead, key, [&](ByteView bytes) -> Status {
               text += as_text(bytes);
               return ok();
             }).has_value());
  text += as_text({data, size_bytes});
  FUZZ_CHECK(!read_and_write(text));
  const Digest mac = hmac_sha256(hkdf_sha256(key.key, as_bytes("countersign backup v1"), 32), as_bytes(text));
  const std::string whole = text + "mac: " + base64url(mac) + "\n";
  if (const auto again = read_and_write(whole)) FUZZ_CHECK(*again == whole);
  return 0;
}
