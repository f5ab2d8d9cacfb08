#include "auth/passwords/phc_string.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "storage/base/json.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const std::string kSalt = "MDEyMzQ1Njc4OWFiY2RlZg";
const std::string kTag = "MsMIwbEzvJvhoTzCdkrUXuD49k76ABxGqoYHzd0zoBA";
const std::string kGood = "$argon2id$v=19$m=65536,t=3,p=4$" + kSalt + "$" + kTag;

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  return text.replace(text.find(from), from.size(), to);
}

std::string read(const std::string& text) {
  return outcome(passwords::parse_phc_string(text));
}

}  // namespace

TEST_CASE("S18 a password hash as the vectors have it is read and written as the same bytes") {
  std::ifstream in(std::string(COUNTERSIGN_FIXTURES) + "/vectors/argon2id.json");
  std::stringstream text;
  text << in.rdbuf();
  const Json vectors = must(parse_json(text.str()));
  REQUIRE(vectors.find("valid")->items()->size() == 3);
  for (const Json& vector : *vectors.find("valid")->items()) {
    const std::string& phc = *vector.find("phc")->string();
    CHECK(write_phc_string(must(passwords::parse_phc_string(phc))).reveal_text() == phc);
  }
}

TEST_CASE("S18 nothing but Argon2id of version 19 is a password hash") {
  CHECK(read(kGood) == "ok");
  for (const char* name : {"argon2i", "argon2d", "argon2", "ARGON2ID", "scrypt", ""}) {
    CHECK(read(with("argon2id", name)) == "record_unreadable");
  }
  for (const char* version : {"$v=16$", "$v=18$", "$v=20$", "$v=019$", "$v=$", "$", "$v=19$v=19$"}) {
    CHECK(read(with("$v=19$", version)) == "record_unreadable");
  }
}

TEST_CASE("S18 a parameter is refused one outside its bounds and taken at both ends") {
  for (const char* memory : {"8192", "8193", "262144"}) CHECK(read(with("65536", memory)) == "ok");
  for (const char* memory : {"8191", "262145", "8", "0", "4294967295", "4294967296", "18446744073709551616"}) {
    CHECK(read(with("65536", memory)) == "record_unreadable");
  }
  for (const char* passes : {"1", "10"}) CHECK(read(with("t=3", std::string("t=") + passes)) == "ok");
  for (const char* passes : {"0", "11", "4294967297"}) {
    CHECK(read(with("t=3", std::string("t=") + passes)) == "record_unreadable");
  }
  for (const char* lanes : {"1", "4"}) CHECK(read(with("p=4", std::string("p=") + lanes)) == "ok");
  for (const char* lanes : {"0", "5", "256", "257"}) {
    CHECK(read(with("p=4", std::string("p=") + lanes)) == "record_unreadable");
  }
}

TEST_CASE("S18 a number is written one way") {
  for (const char* memory : {"+65536", "-65536", " 65536", "65536 ", "065536", "0x10000", "65536.0", "6e4", ""}) {
    CHECK(read(with("65536", memory)) == "record_unreadable");
  }
}

TEST_CASE("S18 a tag of another length than 32 bytes is refused") {
  for (const std::size_t size : {0u, 4u, 16u, 31u, 33u, 64u}) {
    std::string tag = base64(Bytes(size, 7));
    while (tag.ends_with('=')) tag.pop_back();
    CAPTURE(size);
    CHECK(read(with(kTag, tag)) == "record_unreadable");
  }
}

TEST_CASE("S18 a salt has 16 to 64 bytes") {
  const auto salted = [](std::size_t size) {
    std::string salt = base64(Bytes(size, 7));
    while (salt.ends_with('=')) salt.pop_back();
    return read(with(kSalt, salt));
  };
  for (const std::size_t size : {16u, 17u, 18u, 64u}) CHECK(salted(size) == "ok");
  for (const std::size_t size : {0u, 8u, 15u, 65u, 200u}) CHECK(salted(size) == "record_unreadable");
}

TEST_CASE("S18 base64 is canonical and unpadded") {
  CHECK(read(kGood + "=") == "record_unreadable");
  CHECK(read(with(kSalt, kSalt + "==")) == "record_unreadable");
  // The last character's unused bits are not zero.
  CHECK(read(with(kTag, kTag.substr(0, 42) + "B")) == "record_unreadable");
  CHECK(read(with(kSalt, kSalt.substr(0, 21) + "h")) == "record_unreadable");
  for (const char* other : {"-", "_", " ", "\n", "*", "\xc3\xa9"}) {
    CHECK(read(with(kTag, other + kTag.substr(std::string_view(other).size()))) == "record_unreadable");
  }
}

TEST_CASE("S18 nothing stands before or behind a password hash and nothing is missing") {
  for (const char* more : {"\n", " ", "$", "$x", "\r\n", ","}) CHECK(read(kGood + more) == "record_unreadable");
  CHECK(read(kGood + std::string(1, '\0')) == "record_unreadable");
  CHECK(read(" " + kGood) == "record_unreadable");
  CHECK(read(kGood + kGood) == "record_unreadable");
  CHECK(read(with("t=3,p=4", "p=4,t=3")) == "record_unreadable");
  CHECK(read(with(",p=4", ",p=4,keyid=AA")) == "record_unreadable");
  CHECK(read(with(",p=4", ",p=4,data=AA")) == "record_unreadable");
  CHECK(read(std::string(1u << 20, 'A')) == "record_unreadable");
  for (std::size_t size = 0; size < kGood.size(); ++size) {
    CAPTURE(size);
    CHECK(read(kGood.substr(0, size)) == "record_unreadable");
  }
}

TEST_CASE("S22 why a password hash was refused says nothing of it") {
  const auto refused = passwords::parse_phc_string(with("p=4", "p=9"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().detail.find(kTag.substr(0, 8)) == std::string::npos);
  CHECK(refused.error().detail.find(kSalt.substr(0, 8)) == std::string::npos);
}

TEST_CASE("a password hash of over 256 bytes is not looked into") {
  const auto detail = [](std::size_t bytes) {
    return passwords::parse_phc_string(kGood + std::string(bytes - kGood.size(), 'A')).error().detail;
  };
  CHECK(detail(256) == "password hash: the tag");
  CHECK(detail(257) == "password hash: too long");
}

TEST_CASE("a number of a password hash may begin with any digit but a zero") {
  for (const char* passes : {"1", "2", "8", "9"}) CHECK(read(with("t=3", std::string("t=") + passes)) == "ok");
  for (const char* memory : {"9000", "10000"}) CHECK(read(with("65536", memory)) == "ok");
}
