#include "auth/records/backup_file.hpp"

#include <catch2/catch.hpp>

#include "tests/support/house_backup.hpp"
#include "tests/support/sealed_ground.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const records::BackupHead kHead{"https://auth.example.org", std::string(64, 'a'), kNoon};

std::string small_backup(const SealedGround& ground) {
  std::string text;
  auto writer =
      must(records::BackupWriter::begin(kHead, ground.secrets.newest_record_key(), [&](ByteView bytes) -> Status {
        text += as_text(bytes);
        return ok();
      }));
  must(writer.put("users/a.account", as_bytes("one\nput 3 b\n")));
  must(writer.put("empty", {}));
  must(writer.erase("users/a.account"));
  must(writer.finish());
  return text;
}

// What it holds, or why it is refused.
std::string read_all(const SealedGround& ground, const std::string& text) {
  auto reader = records::BackupReader::begin(source_of(text), ground.secrets);
  if (!reader) return outcome(reader);
  std::string all;
  while (true) {
    const auto record = reader->next();
    if (!record) return outcome(record);
    if (!*record) return all;
    all += (*record)->name + "=" + ((*record)->bytes ? to_string(*(*record)->bytes) : "<erased>") + ";";
  }
}

}  // namespace

TEST_CASE("a backup gives back what was put into it in its order") {
  const SealedGround ground;
  const std::string text = small_backup(ground);
  CHECK(read_all(ground, text) == "users/a.account=one\nput 3 b\n;empty=;users/a.account=<erased>;");
  auto reader = must(records::BackupReader::begin(source_of(text), ground.secrets));
  CHECK(reader.head().server == kHead.server);
  CHECK(reader.head().store == kHead.store);
  CHECK(reader.head().made_at == kHead.made_at);
  CHECK(text.starts_with("countersign-backup-v1\nserver: https://auth.example.org\n"));
}

TEST_CASE("a backup without its key says whose it is where that is another's") {
  const SealedGround ground;
  const SealedGround other;
  const std::string text = small_backup(other);
  const auto why = [&](const std::string& server, const std::string& store) {
    const auto reader =
        records::BackupReader::begin(source_of(text), ground.secrets, records::BackupHead{server, store, {}});
    REQUIRE_FALSE(reader.has_value());
    return std::string(name_of(reader.error().code)) + ": " + reader.error().detail;
  };
  CHECK(why("https://b.example.org", "").starts_with("server_mismatch: the backup is of the server '" + kHead.server));
  CHECK(why(kHead.server, std::string(64, 'b')).starts_with("server_mismatch: the backup is of another store of '"));
  for (const std::string& store : {kHead.store, std::string()}) {
    CHECK(why(kHead.server, store).starts_with("secret_missing: the backup is under record key "));
  }
}

TEST_CASE("a backup that ends at any byte before its end is not complete") {
  const SealedGround ground;
  const std::string text = small_backup(ground);
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK(read_all(ground, text.substr(0, size)) == "file_incomplete");
  }
}

TEST_CASE("a backup with any bit flipped is refused") {
  const SealedGround ground;
  const std::string text = small_backup(ground);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const std::string verdict = read_all(ground, changed);
      CAPTURE(at, bit, verdict);
      CHECK((verdict == "record_tampered" || verdict == "malformed_message" || verdict == "file_incomplete" ||
             verdict == "unknown_version" || verdict == "secret_missing"));
    }
  }
}

TEST_CASE("a backup with records moved, dropped or added is refused") {
  const SealedGround ground;
  const std::string text = small_backup(ground);
  const auto without = [&](const std::string& part) {
    std::string out = text;
    return out.erase(out.find(part), part.size());
  };
  CHECK(read_all(ground, without("put 0 empty\n\n")) == "record_tampered");
  CHECK(read_all(ground, without("erase users/a.account\n")) == "record_tampered");
  std::string more = text;
  more.insert(more.find("put 0 empty"), "put 1 more\nx\n");
  CHECK(read_all(ground, more) == "record_tampered");
  CHECK(read_all(ground, text + "\n") == "malformed_message");
  CHECK(read_all(ground, text + text) == "malformed_message");
}

TEST_CASE("a backup of another server, of a newer form or of no form is refused by name") {
  const SealedGround ground;
  const SealedGround other;
  const std::string text = small_backup(ground);
  CHECK(read_all(other, text) == "secret_missing");
  CHECK(read_all(ground, "countersign-backup-v2\n" + text.substr(text.find('\n') + 1)) == "unknown_version");
  CHECK(read_all(ground, "SQLite format 3\n") == "malformed_message");
  CHECK(read_all(ground, std::string(1 << 20, 'a')) == "malformed_message");
}

TEST_CASE("what a source or a sink fails with is passed on") {
  const SealedGround ground;
  const auto sink = [](ByteView) -> Status { return fail(ErrorCode::storage_unavailable, "full"); };
  CHECK(outcome(records::BackupWriter::begin(kHead, ground.secrets.newest_record_key(), sink)) ==
        "storage_unavailable");
  const auto source = [](std::span<std::uint8_t>) -> Result<std::size_t> {
    return fail(ErrorCode::storage_unavailable, "gone");
  };
  CHECK(outcome(records::BackupReader::begin(source, ground.secrets)) == "storage_unavailable");
}
