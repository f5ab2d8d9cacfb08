#include "transport/courier/courier_name.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"
#include "tests/support/fake_courier_operations.hpp"

using namespace countersign;
using namespace countersign::transport::courier;

namespace {

std::string random_name(std::mt19937_64& random) {
  static constexpr std::string_view kNasty[] = {
      "/",          "..",   "\0", "\n", "\x1b[2J", "\xe2\x80\xae", "\xff", "\x7f", "\xc2", ".response.asc",
      ".enrol.asc", ".ASC", "a",  "-",  " "};
  std::string name;
  const std::size_t pieces = random() % 12;
  for (std::size_t i = 0; i < pieces; ++i) {
    if (random() % 2 == 0) {
      name += kNasty[random() % std::size(kNasty)];
    } else {
      name.push_back(static_cast<char>(random() % 256));
    }
  }
  if (random() % 3 == 0) name += ".response.asc";
  return name;
}

}  // namespace

TEST_CASE("an id is 1 to 64 lower-case letters digits and dashes and begins with no dash") {
  CHECK(is_file_id("a"));
  CHECK(is_file_id("0f-9"));
  CHECK(is_file_id(std::string(64, 'a')));
  CHECK_FALSE(is_file_id(""));
  CHECK_FALSE(is_file_id(std::string(65, 'a')));
  CHECK_FALSE(is_file_id("-a"));
  CHECK_FALSE(is_file_id("A"));
  CHECK_FALSE(is_file_id("a.b"));
  CHECK_FALSE(is_file_id("a/b"));
  CHECK_FALSE(is_file_id("a_b"));
  CHECK_FALSE(is_file_id(std::string("a\0", 2)));
  CHECK_FALSE(is_file_id("\xc3\xa4"));
}

TEST_CASE("a name in the outbox is read back as the id and kind it was made of") {
  for (const OutboxKind kind : {OutboxKind::challenge, OutboxKind::session, OutboxKind::refused}) {
    const auto parsed = parse_outbox_name(outbox_name("0a-b", kind));
    REQUIRE(parsed);
    CHECK(parsed->id == "0a-b");
    CHECK(parsed->kind == kind);
  }
  CHECK_FALSE(parse_outbox_name("server.asc"));
  CHECK_FALSE(parse_outbox_name(server_file("https://auth.example.org")));
  CHECK_FALSE(parse_outbox_name(".challenge.asc"));
  CHECK_FALSE(parse_outbox_name("A.challenge.asc"));
  CHECK_FALSE(parse_outbox_name("a.challenge.asc.part"));
  CHECK_FALSE(parse_outbox_name("../a.challenge.asc"));
  CHECK_FALSE(parse_outbox_name("a.refused.asc"));
}

TEST_CASE("S23 a name in the inbox is of plain letters only and cannot lead elsewhere") {
  CHECK(inbox_kind("Alice_2.laptop.response.asc") == InboxKind::response);
  CHECK(inbox_kind("ALICE.RESPONSE.ASC") == InboxKind::response);
  CHECK(inbox_kind("x.enrol.asc") == InboxKind::enrol);
  CHECK(inbox_kind(std::string(87, 'a') + ".response.asc") == InboxKind::response);
  CHECK_FALSE(inbox_kind(std::string(88, 'a') + ".response.asc"));
  CHECK_FALSE(inbox_kind(""));
  CHECK_FALSE(inbox_kind(".response.asc"));
  CHECK_FALSE(inbox_kind("-rf.response.asc"));
  CHECK_FALSE(inbox_kind("../a.response.asc"));
  CHECK_FALSE(inbox_kind("a/b.response.asc"));
  CHECK_FALSE(inbox_kind("a b.response.asc"));
  CHECK_FALSE(inbox_kind("a.response.asc\n"));
  CHECK_FALSE(inbox_kind(std::string("a\0.response.asc", 15)));
  CHECK_FALSE(inbox_kind("a.response.asc.exe"));
  CHECK_FALSE(inbox_kind("a.challenge.asc"));
  CHECK_FALSE(inbox_kind("\xe2\x80\xae.response.asc"));
}

TEST_CASE("S64 of 100000 random names none that is opened holds a byte outside the pattern") {
  std::mt19937_64 random(64);
  std::size_t taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string name = random_name(random);
    if (!inbox_kind(name)) continue;
    ++taken;
    const bool plain = name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
                       std::string::npos;
    if (!plain || name.front() == '.' || name.front() == '-' || name.size() > 100) FAIL(escape_for_display(name));
    const std::string id = answer_id(name, "text");
    if (!is_file_id(id)) FAIL(escape_for_display(name));
    if (!inbox_kind(done_name(name)) || !inbox_kind(done_name_by_text(name, "text"))) FAIL(escape_for_display(name));
  }
  CHECK(taken > 100);  // the pattern was met often enough for this to say something
}

TEST_CASE("S73 of 100000 random names none shows a control or bidirectional character once escaped") {
  std::mt19937_64 random(73);
  for (int i = 0; i < 100'000; ++i) {
    const std::string shown = escape_for_display(random_name(random));
    if (has_unprintable(shown)) FAIL("name " << i);
  }
}

TEST_CASE("a response is answered under its own id where that is one of ours and else under one of its text") {
  CHECK(answer_id("0a1b.response.asc", "x") == "0a1b");
  CHECK(answer_id("0a1b.enrol.asc", "x") == "0a1b");
  const std::string derived = hex(sha256(as_bytes("x"))).substr(0, 16);
  CHECK(answer_id("Alice.response.asc", "x") == derived);
  CHECK(answer_id("a.b.response.asc", "x") == derived);
  CHECK(answer_id("a.Response.asc", "x") == derived);  // or it would share the id of a.response.asc
  CHECK(answer_id(std::string(65, 'a') + ".response.asc", "x") == derived);
}

TEST_CASE("a text is whole exactly when its last line is an END line") {
  CHECK(is_whole("-----END PGP SIGNATURE-----"));
  CHECK(is_whole("x\n-----END PGP SIGNATURE-----\n"));
  CHECK(is_whole("x\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n \t\n"));
  CHECK_FALSE(is_whole(""));
  CHECK_FALSE(is_whole("\n\n"));
  CHECK_FALSE(is_whole("x"));
  CHECK_FALSE(is_whole("- -----END PGP SIGNATURE-----\n"));
  CHECK_FALSE(is_whole("x -----END PGP SIGNATURE-----\n"));
  CHECK_FALSE(is_whole("-----END PGP -----"));
  CHECK_FALSE(is_whole("-----END PGP-----"));
  CHECK_FALSE(is_whole("-----END PGP SIGNATURE-----\nx"));
  CHECK_FALSE(is_whole(std::string("-----END PGP SIGNATURE-----\n\0", 29)));
  CHECK_FALSE(is_whole("-----END PGP SIGNATURE-----\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n"));
}

TEST_CASE("a response cut off before the end of its END line is never whole") {
  const std::string response = test::courier_response("abc");
  const std::size_t end = response.size() - 1;  // of the END line; the LF after it may be missing
  for (std::size_t size = 0; size < end; ++size) {
    if (is_whole(std::string_view(response).substr(0, size))) FAIL("cut at " << size);
  }
  CHECK(is_whole(std::string_view(response).substr(0, end)));
  CHECK(is_whole(response));
}

TEST_CASE("a server's file is named after it alone and fits any medium") {
  const std::string name = server_file("https://auth.example.org");
  CHECK(name == "server-9cca28902d634557.asc");
  CHECK(name != server_file("https://auth.example.com"));
  CHECK(is_server_file(name));
  CHECK(is_server_file("server.asc"));
  for (const char* other : {"server-.asc", "server-9cca28902d63455.asc", "server-9CCA28902D634557.asc", "server-x",
                            "x.asc", "server-.asc.asc", "server-asc"}) {
    CAPTURE(other);
    CHECK_FALSE(is_server_file(other));
  }
}

TEST_CASE("a name that an editor put .txt behind is known by the rest") {
  CHECK(name_without_txt("a.response.asc.txt") == "a.response.asc");
  CHECK(name_without_txt("A.Enrol.ASC.TXT") == "A.Enrol.ASC");
  for (const char* other : {"a.response.asc", "a.txt", ".txt", "", "a b.response.asc.txt", "a.session.asc.txt"}) {
    CAPTURE(other);
    CHECK_FALSE(name_without_txt(other));
  }
}

TEST_CASE("a name that a browser or a person made has a plain one near it") {
  CHECK(plain_name("abc def.response.asc") == "abc-def.response.asc");
  CHECK(plain_name("tina (1).enrol.asc") == "tina-1.enrol.asc");
  CHECK(plain_name("t\u00efna.enrol.asc") == "t-na.enrol.asc");
  CHECK(plain_name(".hidden.enrol.asc") == "hidden.enrol.asc");
  for (const std::string& other : {std::string("a.response.asc"), std::string("a b.txt"), std::string(),
                                   std::string(" "), std::string(200, ' ') + std::string(120, 'a') + ".enrol.asc"}) {
    CAPTURE(other);
    CHECK_FALSE(plain_name(other));
  }
}
