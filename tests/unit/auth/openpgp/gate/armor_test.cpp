#include "auth/openpgp/gate/armor.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::openpgp;

namespace {

constexpr std::string_view kLabel = "PGP SIGNATURE";

std::string block(std::string_view middle) {
  return "-----BEGIN PGP SIGNATURE-----\n" + std::string(middle) + "-----END PGP SIGNATURE-----\n";
}

bool refused(std::string_view text) {
  const auto result = openpgp::gate::dearmor(kLabel, text);
  return !result && result.error().code == ErrorCode::armor_invalid;
}

}  // namespace

TEST_CASE("armor gives back what it was given at every size") {
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes;
    for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 31 + size));
    const std::string armored = openpgp::gate::enarmor(kLabel, bytes);
    REQUIRE(openpgp::gate::dearmor(kLabel, armored).value() == bytes);
    CHECK(armored.find('\r') == std::string::npos);
    CHECK(armored.find(':') == std::string::npos);
  }
}

TEST_CASE("armor is written and read as gpg --enarmor writes it") {
  CHECK(openpgp::gate::enarmor(kLabel, to_bytes("foo")) == block("\nZm9v\n=T8JV\n"));
  CHECK(openpgp::gate::dearmor(kLabel, block("\nZm9v\n=T8JV\n")).value() == to_bytes("foo"));
  const std::string two_lines = openpgp::gate::enarmor(kLabel, Bytes(49, 0));
  CHECK(two_lines.starts_with("-----BEGIN PGP SIGNATURE-----\n\n" + std::string(64, 'A') + "\nAA==\n="));
}

TEST_CASE("a line of base64 may be of any length, also of a checksum's") {
  CHECK(openpgp::gate::dearmor(kLabel, block("\nZm9vY\nmFy\n")).value() == to_bytes("foobar"));
  CHECK(refused(block("\nZm9v\n=T8JVA\n")));
  CHECK(refused(block("\nZm9v\n=T8J\n")));
}

TEST_CASE("a line that begins or ends a block has a label of capitals and blanks") {
  for (const std::string name : {"BEGIN", "END"}) {
    const auto bounds = [&](const std::string& label, const std::string& dashes = "-----") {
      const std::string line = "-----" + name + " PGP " + label + dashes;
      CAPTURE(line);
      CHECK_FALSE((openpgp::gate::is_begin_line(line) && openpgp::gate::is_end_line(line)));
      return name == "BEGIN" ? openpgp::gate::is_begin_line(line) : openpgp::gate::is_end_line(line);
    };
    for (const char* label : {"A", "Z", " ", "AZ MESSAGE"}) CHECK(bounds(label));
    for (const char* label : {"", "@", "[", "a", "A1", "A-B", "A\t"}) CHECK_FALSE(bounds(label));
    CHECK_FALSE(bounds("A", "----"));
    CHECK_FALSE(bounds("A", "------"));
    CHECK_FALSE(bounds("A", "-----x"));
  }
}

TEST_CASE("armor is read with CRLF and trailing blanks and blank lines around it") {
  const Bytes bytes = to_bytes("some bytes to carry");
  std::string crlf = "\r\n \t\r\n";
  for (const char c : openpgp::gate::enarmor(kLabel, bytes)) {
    if (c == '\n') crlf += " \t\r";
    crlf += c;
  }
  CHECK(openpgp::gate::dearmor(kLabel, crlf + "\r\n\r\n").value() == bytes);
}

TEST_CASE("armor headers are read over") {
  CHECK(openpgp::gate::dearmor(kLabel, block("Version: x\nComment: -----BEGIN\nHash:\n\nZm9v\n")).value() ==
        to_bytes("foo"));
  CHECK(openpgp::gate::dearmor(kLabel, block("X-09-az-AZ: x\n\nZm9v\n")).value() == to_bytes("foo"));
  CHECK(refused(block("Version:x\n\nZm9v\n")));
  for (const char beside : std::string_view("/:@[`{_ .")) {
    CAPTURE(beside);
    CHECK(refused(block("a" + std::string(1, beside) + "b: x\n\nZm9v\n")));
  }
}

TEST_CASE("armor with a wrong checksum is refused and one without a checksum is taken") {
  const std::string armored = openpgp::gate::enarmor(kLabel, to_bytes("foo"));
  CHECK(openpgp::gate::dearmor(kLabel, block("\nZm9v\n")).value() == to_bytes("foo"));
  CHECK(refused(block("\nZm9v\n=AAAA\n")));
  CHECK(refused(block("\nZm9v\n=!!!!\n")));
  CHECK(openpgp::gate::dearmor(kLabel, armored).has_value());
}

TEST_CASE("armor tricks are refused") {
  CHECK(refused(""));
  CHECK(refused("Zm9v"));
  CHECK(refused(block("Zm9v\n")));                            // no empty line
  CHECK(refused(block("not a header\n\nZm9v\n")));            // a header without a colon
  CHECK(refused(block("\nZm9v\n\nZm9v\n")));                  // an empty line inside
  CHECK(refused(block("\nZm9v!\n")));                         // not base64
  CHECK(refused(block("\nZm 9v\n")));                         // a blank inside
  CHECK(refused(block("\nZg==\nZg==\n")));                    // padding inside
  CHECK(refused(block("\nZh==\n")));                          // an unused bit is set
  CHECK(refused(block("\nZm9v\n=ckPQ\n=ckPQ\n")));            // two checksums
  CHECK(refused(block("\nZm9v\n=ckPQ\nZm9v\n")));             // data behind the checksum
  CHECK(refused(block("\nZm9v\n") + "x"));                    // data behind the block
  CHECK(refused("x\n" + block("\nZm9v\n")));                  // data before it
  CHECK(refused(block("\nZm9v\n") + block("\nZm9v\n")));      // two blocks
  CHECK(refused("-----BEGIN PGP SIGNATURE-----\n\nZm9v\n"));  // no end
  CHECK(refused("-----BEGIN PGP SIGNATURE-----\n\nZm9v\n-----END PGP MESSAGE-----\n"));
  CHECK(refused("-----BEGIN PGP MESSAGE-----\n\nZm9v\n-----END PGP MESSAGE-----\n"));
  CHECK(refused(" -----BEGIN PGP SIGNATURE-----x\n\nZm9v\n-----END PGP SIGNATURE-----\n"));
}

TEST_CASE("every cut of an armored block looks cut off and the whole one does not") {
  const std::string whole = openpgp::gate::enarmor(kLabel, Bytes(100, 7));
  const auto end_dashes = whole.size() - 1;  // without the final LF it is whole as well
  for (std::size_t size = 0; size < end_dashes; ++size) {
    INFO(size);
    CHECK(openpgp::gate::is_cut_off(std::string_view(whole).substr(0, size)));
    CHECK(refused(std::string_view(whole).substr(0, size)));
  }
  CHECK_FALSE(openpgp::gate::is_cut_off(whole));
  CHECK_FALSE(openpgp::gate::is_cut_off("hello"));
  CHECK_FALSE(openpgp::gate::is_cut_off("-----BEGIN\n"));
  CHECK_FALSE(openpgp::gate::is_cut_off("-----BEGIN PGP SIGNA\nTURE-----\n"));
  CHECK_FALSE(openpgp::gate::is_cut_off("-----BEGIN PGP SIGNA\n"));
  // A clear-signed message has no end of its own.
  const std::string message = "-----BEGIN PGP SIGNED MESSAGE-----\n\ntext\n";
  CHECK(openpgp::gate::is_cut_off(message));
  CHECK_FALSE(openpgp::gate::is_cut_off(message + whole));
  // No more of it would mend these.
  CHECK_FALSE(openpgp::gate::is_cut_off(message + "-----END PGP SIGNED MESSAGE-----\n"));
  CHECK_FALSE(openpgp::gate::is_cut_off(whole + "-- \nsent from my phone\n"));
  CHECK_FALSE(openpgp::gate::is_cut_off(whole + "-----BEGIN PGP SIGNATURE----x"));
  for (const char* other : {"-----BEGIN PGP -----", "-----BEGIN PGP SIGNATURE--x", "-----BEGIN PGP SIGNATURE-------",
                            "WITH KIND REGARDS, ALICE", "AND SO IT ENDS AS ALWAYS--"}) {
    CAPTURE(other);
    CHECK_FALSE(openpgp::gate::is_cut_off(whole + other));
  }
  CHECK_FALSE(openpgp::gate::is_cut_off("dear all\n" + whole));
  // The next block may be on its way, and zeros are what was not written.
  for (const char* begun :
       {"-", "-----BEGIN", "-----BEGIN PGP ", "-----BEGIN PGP PUB", "-----BEGIN PGP PUBLIC KEY BLOCK--",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"}) {
    CAPTURE(begun);
    CHECK(openpgp::gate::is_cut_off(whole + begun));
  }
  CHECK(openpgp::gate::is_cut_off(whole + std::string(3, '\0')));
}

TEST_CASE("packets are read from armor or binary and not from behind other text") {
  const Bytes packets = to_bytes("\x98\x01");
  const std::string block = openpgp::gate::enarmor(kLabel, packets);
  CHECK(openpgp::gate::read_packets(kLabel, block) == packets);
  CHECK(openpgp::gate::read_packets(kLabel, " \r\n" + block + "\r\n") == packets);
  CHECK(openpgp::gate::read_packets(kLabel, to_string(packets)) == packets);
  for (const std::string& text : {"Dear all,\n" + block, ":" + block, block + "x\n"}) {
    const auto refused = openpgp::gate::read_packets(kLabel, text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::armor_invalid);
  }
}

TEST_CASE("packets begin as no text in UTF-8 does") {
  CHECK(openpgp::gate::begins_a_packet("\x99\x01\x0d\x04"));
  CHECK(openpgp::gate::begins_a_packet("\xc6\x33\x04"));
  CHECK(!openpgp::gate::begins_a_packet(""));
  CHECK(!openpgp::gate::begins_a_packet("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
  CHECK(!openpgp::gate::begins_a_packet("\xc3\xa9t\xc3\xa9"));
}
