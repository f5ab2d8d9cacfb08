#include "auth/records/revocation_record.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using namespace countersign::auth;

namespace {

records::RevocationRecord record() {
  records::RevocationRecord out;
  out.account = std::string(64, 'a');
  out.fingerprint = *Fingerprint::parse(std::string(40, 'B'));
  out.reason = "key_retired";
  out.note =
      "gr\xc3\xbc\xc3\x9f"
      "e";
  out.revoked_at = from_unix(1'795'262'400);
  out.by = "administrator";
  return out;
}

std::string with(std::string_view member, const Json& value) {
  Json json = write_revocation(record());
  json.set(std::string(member), value);
  return write_json(json);
}

std::string verdict_on(const std::string& text) {
  const auto parsed = records::parse_revocation(text);
  return parsed ? "ok" : std::string(name_of(parsed.error().code));
}

}  // namespace

TEST_CASE("a revocation record is read as it was written") {
  for (const char* signature : {"", "-----BEGIN PGP SIGNATURE-----\n"}) {
    records::RevocationRecord written = record();
    written.signature = signature;
    const auto read = records::parse_revocation(write_json(write_revocation(written)));
    REQUIRE(read);
    CHECK(write_json(write_revocation(*read)) == write_json(write_revocation(written)));
    CHECK(read->note == written.note);
  }
  CHECK(write_json(write_revocation(record())) ==
        "{\"version\":1,\"user_id\":\"" + std::string(64, 'a') + "\",\"fingerprint\":\"" + std::string(40, 'B') +
            "\",\"reason\":\"key_retired\",\"note\":\"gr\xc3\xbc\xc3\x9f"
            "e\",\"revoked_at\":\"2026-11-21T12:00:00Z\",\"by\":\"administrator\",\"signature\":null}");
}

TEST_CASE("S33 whatever is not a whole revocation record is unreadable and never absent") {
  CHECK(verdict_on(write_json(write_revocation(record()))) == "ok");
  CHECK(verdict_on(std::string(records::kRevocationPlaceholder)) == "record_unreadable");
  for (const char* text : {"", "{}", "[]", "null", "{\"version\":1}"}) CHECK(verdict_on(text) == "record_unreadable");
  CHECK(verdict_on(with("version", 2)) == "record_unreadable");
  CHECK(verdict_on(with("user_id", "alice")) == "record_unreadable");
  CHECK(verdict_on(with("fingerprint", "")) == "record_unreadable");
  CHECK(verdict_on(with("reason", "because")) == "record_unreadable");
  CHECK(verdict_on(with("note", std::string(257, 'x'))) == "record_unreadable");
  CHECK(verdict_on(with("note", "a\nb")) == "record_unreadable");
  CHECK(verdict_on(with("revoked_at", "")) == "record_unreadable");
  CHECK(verdict_on(with("revoked_at", 0)) == "record_unreadable");
  CHECK(verdict_on(with("by", "somebody")) == "record_unreadable");
  CHECK(verdict_on(with("more", "x")) == "record_unreadable");
}
