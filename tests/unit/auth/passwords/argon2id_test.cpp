#include "auth/passwords/argon2id.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "auth/passwords/phc_string.hpp"
#include "storage/base/json.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const Bytes kSalt(passwords::kSaltBytes, 0x5a);
const Secret kNoPepper;
constexpr passwords::Argon2Parameters kQuick{passwords::kMemoryKibMin, 1, 1};

std::string tag_of(std::string_view password, const passwords::Argon2Parameters& parameters, const Secret& pepper) {
  passwords::Arena arena;
  const Secret text{as_bytes(password)};
  return hex(must(compute_argon2id({text, kSalt, parameters, pepper}, arena)).reveal());
}

}  // namespace

TEST_CASE("Argon2id on one thread gives the tags of the vectors") {
  std::ifstream in(std::string(COUNTERSIGN_FIXTURES) + "/vectors/argon2id.json");
  std::stringstream text;
  text << in.rdbuf();
  const Json vectors = must(parse_json(text.str()));
  passwords::Arena arena;  // the same for all
  for (const Json& vector : *vectors.find("valid")->items()) {
    const passwords::PhcString phc = must(passwords::parse_phc_string(*vector.find("phc")->string()));
    const Secret password{as_bytes(*vector.find("password")->string())};
    const Secret tag = must(compute_argon2id({password, phc.salt, phc.parameters, kNoPepper}, arena));
    CHECK(hex(tag.reveal()) == hex(phc.tag.reveal()));
  }
}

TEST_CASE("every input of Argon2id changes its tag") {
  const std::string tag = tag_of("hunter2", kQuick, kNoPepper);
  CHECK(tag_of("hunter2", kQuick, kNoPepper) == tag);
  CHECK(tag_of("hunter3", kQuick, kNoPepper) != tag);
  CHECK(tag_of("hunter2", {passwords::kMemoryKibMin + 8, 1, 1}, kNoPepper) != tag);
  CHECK(tag_of("hunter2", {passwords::kMemoryKibMin, 2, 1}, kNoPepper) != tag);
  CHECK(tag_of("hunter2", {passwords::kMemoryKibMin, 1, 2}, kNoPepper) != tag);
}

TEST_CASE("S19 a pepper changes the tag") {
  const Secret pepper{as_bytes("0123456789abcdef0123456789abcdef")};
  const Secret other{as_bytes("0123456789abcdef0123456789abcdeg")};
  const std::string tag = tag_of("hunter2", kQuick, pepper);
  CHECK(tag == tag_of("hunter2", kQuick, pepper));
  CHECK(tag != tag_of("hunter2", kQuick, kNoPepper));
  CHECK(tag != tag_of("hunter2", kQuick, other));
}

TEST_CASE("S56 the memory that a password was hashed in is wiped and used again") {
  passwords::Arena arena;
  const Secret password{as_bytes("correct horse battery staple")};
  must(compute_argon2id({password, kSalt, {16u << 10, 1, 4}, kNoPepper}, arena));
  const auto* const begin = arena.bytes().data();
  CHECK(arena.bytes().size() == std::size_t{16u << 20});
  CHECK(std::all_of(arena.bytes().begin(), arena.bytes().end(), [](std::uint8_t byte) { return byte == 0; }));
  must(compute_argon2id({password, kSalt, kQuick, kNoPepper}, arena));
  CHECK(arena.bytes().data() == begin);
  CHECK(std::all_of(arena.bytes().begin(), arena.bytes().end(), [](std::uint8_t byte) { return byte == 0; }));
}

TEST_CASE("parameters that the library refuses are a failure and never a tag") {
  passwords::Arena arena;
  const Secret password{as_bytes("hunter2")};
  for (const passwords::Argon2Parameters& parameters :
       {passwords::Argon2Parameters{passwords::kMemoryKibMin, 0, 1},
        passwords::Argon2Parameters{passwords::kMemoryKibMin, 1, 0}, passwords::Argon2Parameters{4, 1, 4}}) {
    CHECK(outcome(compute_argon2id({password, kSalt, parameters, kNoPepper}, arena)) == "hasher_failed");
  }
  CHECK(outcome(compute_argon2id({password, Bytes(4, 1), kQuick, kNoPepper}, arena)) == "hasher_failed");
}

TEST_CASE("an arena that cannot grow is what it was") {
  passwords::Arena arena;
  must(arena.reserve(1u << 20));
  const auto* const begin = arena.bytes().data();
  // No address space is that large.
  CHECK(outcome(arena.reserve(std::size_t{1} << 62)) == "hasher_failed");
  CHECK(arena.bytes().data() == begin);
  CHECK(arena.bytes().size() == std::size_t{1u << 20});
}
