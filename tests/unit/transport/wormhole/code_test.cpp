#include "transport/wormhole/code.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "storage/base/hash.hpp"
#include "tests/support/fake_rng.hpp"
#include "transport/wormhole/pgp_words.hpp"

using namespace countersign;
using namespace countersign::transport::wormhole;

namespace {

// Gives out the bytes that it was given, and fails when they are used up.
class GivenRng final : public auth::Rng {
 public:
  explicit GivenRng(Bytes bytes) : bytes_(std::move(bytes)) {}
  Status fill(std::span<std::uint8_t> out) override {
    if (out.size() > bytes_.size()) return fail(ErrorCode::entropy_unavailable);
    std::copy_n(bytes_.begin(), out.size(), out.begin());
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(out.size()));
    return ok();
  }

 private:
  static tl::unexpected<Error> fail(ErrorCode code) { return countersign::fail(code, "overdrawn"); }
  Bytes bytes_;
};

std::string digest_of(const std::array<std::string_view, 256>& words) {
  std::string text;
  for (const std::string_view word : words) text += std::string(word) + "\n";
  return hex(sha256(as_bytes(text)));
}

std::string parsed(std::string_view typed) {
  const auto code = parse_code(typed);
  return code ? std::string(code->text.reveal_text()) : "refused: " + code.error().detail;
}

bool code_refused(std::string_view typed, std::string_view why) {
  const auto code = parse_code(typed);
  return !code && code.error().code == ErrorCode::usage && code.error().detail.find(why) != std::string::npos &&
         code.error().detail.find("7-guitarist-revenge") != std::string::npos;
}

}  // namespace

TEST_CASE("the words of codes are the PGP word list, whole and in order") {
  CHECK(digest_of(kTwoSyllableWords) == "247bec0519f05acf5f8716f8515af0532676cce180409949d265f5670797c930");
  CHECK(digest_of(kThreeSyllableWords) == "99a86d564393464a979f9115ef6103464f56499b7e987091b9e59bdcaea00da8");
  std::set<std::string_view> all(kTwoSyllableWords.begin(), kTwoSyllableWords.end());
  all.insert(kThreeSyllableWords.begin(), kThreeSyllableWords.end());
  CHECK(all.size() == 512);
}

TEST_CASE("a code begins with the nameplate and a word of three syllables, and the columns alternate") {
  GivenRng rng({0x00, 0x00, 0xff, 0xff});
  const auto code = make_code("7", 4, rng);
  REQUIRE(code.has_value());
  CHECK(code->text.reveal_text() == "7-adroitness-aardvark-yucatan-zulu");
  CHECK(code->nameplate == "7");
}

TEST_CASE("a code takes one random byte a word") {
  GivenRng rng({1, 2, 3});
  CHECK(make_code("1", 2, rng).has_value());
  CHECK(make_code("1", 1, rng).has_value());
  const auto dry = make_code("1", 1, rng);
  REQUIRE_FALSE(dry.has_value());
  CHECK(dry.error().code == ErrorCode::entropy_unavailable);
}

TEST_CASE("a code has one to eight words and a nameplate of digits") {
  test::FakeRng rng;
  CHECK_FALSE(make_code("1", 0, rng).has_value());
  CHECK_FALSE(make_code("1", 9, rng).has_value());
  CHECK(make_code(std::string(40, '9'), 8, rng).has_value());
  CHECK_FALSE(make_code(std::string(41, '9'), 2, rng).has_value());
  CHECK_FALSE(make_code("", 2, rng).has_value());
  CHECK_FALSE(make_code("7x", 2, rng).has_value());
}

TEST_CASE("every code that is made is read as itself, however long its words are") {
  test::FakeRng rng;
  for (int i = 0; i < 200; ++i) {
    const auto code = make_code(std::string(40, '7'), kCodeWordsMax, rng);
    REQUIRE(code.has_value());
    CHECK(parsed(code->text.reveal_text()) == code->text.reveal_text());
  }
}

TEST_CASE("a code may be typed with blanks for hyphens and white space around it") {
  for (const char* typed : {"7-guitarist-revenge", "  7-guitarist-revenge\r\n", "7 guitarist revenge",
                            "7\tguitarist  revenge", "7 - guitarist- revenge", "7- guitarist -revenge "}) {
    CAPTURE(typed);
    CHECK(parsed(typed) == "7-guitarist-revenge");
  }
  CHECK(parse_code("007-x")->nameplate == "007");
}

TEST_CASE("the words of a code are taken as they are") {
  CHECK(parsed("7-Guitarist-REVENGE") == "7-Guitarist-REVENGE");
  CHECK(parsed("7-no--such.word!") == "7-no--such.word!");
  CHECK(parsed("12-x") == "12-x");
}

TEST_CASE("a code is in form C, however it was typed") {
  CHECK(parsed("1-cafe\xcc\x81") == "1-caf\xc3\xa9");
}

TEST_CASE("what is no code is refused with what is amiss and an example") {
  CHECK(code_refused("", "no code"));
  CHECK(code_refused(" \n", "no code"));
  CHECK(code_refused("guitarist-revenge", "begins with a number"));
  CHECK(code_refused("-7-guitarist", "begins with a number"));
  CHECK(code_refused("7guitarist-revenge", "begins with a number"));
  CHECK(code_refused("\xd9\xa7-guitarist", "begins with a number"));  // an Arabic seven
  CHECK(code_refused("7", "missing"));
  CHECK(code_refused("7-", "missing"));
  CHECK(code_refused("7--", "missing"));
  CHECK(code_refused("7-a\x01", "nobody can see"));
  CHECK(code_refused("7-a\xe2\x80\x8b", "nobody can see"));
  CHECK(code_refused("7-\xff", "UTF-8"));
  CHECK(code_refused(std::string(41, '1') + "-a", "begins with a number"));
  CHECK(code_refused("7-" + std::string(199, 'a'), "too long"));
  CHECK(code_refused("7-" + std::string(1'000'000, 'a'), "too long"));
  CHECK(parse_code("7-" + std::string(198, 'a')).has_value());
}
