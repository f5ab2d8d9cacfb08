// What a set of the predecessor's files means, with what the real Go libraries wrote.
#include "auth/accounts/legacy_account.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <set>

#include "auth/base/account_id.hpp"
#include "tests/support/house.hpp"
#include "tests/support/legacy.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const std::string& barbara() {
  static const std::string id = legacy_person("Barbara").account;
  return id;
}

// All six files: Barbara's, who logged in since, has both hashes.
std::string whole(records::AccountPart part) {
  return legacy_text(kLegacyFolder, barbara(), part);
}

accounts::LegacyFiles all_files() {
  accounts::LegacyFiles files;
  for (const records::AccountPart part : records::kAccountParts) files.emplace(part, Secret(as_bytes(whole(part))));
  return files;
}

void put_text(accounts::LegacyFiles& files, records::AccountPart part, std::string_view text) {
  files.insert_or_assign(part, Secret(as_bytes(text)));
}

bool has(const accounts::LegacyAccount& judged, accounts::LegacyOddity oddity) {
  return std::count(judged.oddities.begin(), judged.oddities.end(), oddity) == 1;
}

enum class State { absent, whole, torn };

// The rules of the table, said once more and apart from it.
struct Expected {
  bool made, denied, escrow, argon2id, lthn;
};
Expected expected_of(const std::map<records::AccountPart, State>& states) {
  const auto is = [&](records::AccountPart part, State state) { return states.at(part) == state; };
  Expected out{};
  out.made = is(records::AccountPart::certificate, State::whole);
  if (!out.made) return out;
  out.denied =
      !is(records::AccountPart::revocation, State::whole) || is(records::AccountPart::escrowed_key, State::torn);
  out.escrow = is(records::AccountPart::escrowed_key, State::whole);
  out.argon2id = is(records::AccountPart::password, State::whole);
  out.lthn =
      is(records::AccountPart::password, State::absent) && is(records::AccountPart::legacy_password, State::whole);
  return out;
}

}  // namespace

TEST_CASE("S13 every subset of the predecessor's six files, whole or torn anywhere, is judged by the rules") {
  std::map<records::AccountPart, std::string> texts;
  for (const records::AccountPart part : records::kAccountParts) texts[part] = whole(part);
  std::size_t judged_sets = 0;
  constexpr std::size_t kSets = 3 * 3 * 3 * 3 * 3 * 3;
  for (std::size_t set = 0; set < kSets; ++set) {
    std::map<records::AccountPart, State> states;
    std::size_t rest = set;
    bool any_torn = false;
    for (const records::AccountPart part : records::kAccountParts) {
      states[part] = static_cast<State>(rest % 3);
      any_torn = any_torn || states[part] == State::torn;
      rest /= 3;
    }
    const Expected expected = expected_of(states);
    // Nothing, one byte, half, all but the last.
    for (int tear = 0; tear < (any_torn ? 4 : 1); ++tear) {
      accounts::LegacyFiles files;
      for (const records::AccountPart part : records::kAccountParts) {
        const std::string& text = texts[part];
        const std::size_t cuts[] = {0, 1, text.size() / 2, text.size() - 1};
        if (states[part] == State::whole) put_text(files, part, text);
        if (states[part] == State::torn) put_text(files, part, text.substr(0, cuts[tear]));
      }
      const accounts::LegacyAccount judged = accounts::judge_legacy(barbara(), files);
      ++judged_sets;
      const bool as_expected = judged.certificate.has_value() == expected.made &&
                               (!expected.made || judged.is_denied() == expected.denied) && !judged.revocation &&
                               judged.escrowed_key.empty() != expected.escrow &&
                               judged.password.empty() != expected.argon2id &&
                               judged.legacy_password.empty() != expected.lthn;
      if (!as_expected) FAIL("set " << set << ", tear " << tear);
      // What is not as the predecessor leaves it is told.
      const bool plain = expected.made && !any_torn && !expected.denied && expected.escrow &&
                         states[records::AccountPart::metadata] == State::whole && expected.argon2id != expected.lthn &&
                         (expected.lthn || states[records::AccountPart::legacy_password] == State::absent);
      if (plain != judged.oddities.empty() && states[records::AccountPart::metadata] != State::torn) {
        FAIL("set " << set << ", tear " << tear << " is told wrongly");
      }
    }
  }
  std::cout << judged_sets << " sets of the predecessor's files\n";
  CHECK(judged_sets >= 729);
}

TEST_CASE("S13 a torn hash of the predecessor leaves no password, and never the older one beside it") {
  accounts::LegacyFiles files = all_files();
  for (const char* const text : {"", "$argon2id$", "$argon2i$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAA"}) {
    put_text(files, records::AccountPart::password, text);
    const accounts::LegacyAccount judged = accounts::judge_legacy(barbara(), files);
    CHECK(judged.password.empty());
    CHECK(judged.legacy_password.empty());
    CHECK(has(judged, accounts::LegacyOddity::password_unreadable));
    CHECK(!judged.is_denied());
  }
}

TEST_CASE("S14 the older hash beside a whole one of the predecessor is dropped") {
  const accounts::LegacyAccount judged = accounts::judge_legacy(barbara(), all_files());
  CHECK(judged.password.reveal_text() == whole(records::AccountPart::password));
  CHECK(judged.legacy_password.empty());
  CHECK(judged.oddities == std::vector{accounts::LegacyOddity::legacy_password_dropped});
}

TEST_CASE("a line end that an editor left spoils none of the predecessor's texts") {
  for (const char* const end : {"\n", "\r\n"}) {
    accounts::LegacyFiles files = all_files();
    put_text(files, records::AccountPart::revocation, whole(records::AccountPart::revocation) + end);
    put_text(files, records::AccountPart::password, whole(records::AccountPart::password) + end);
    const accounts::LegacyAccount judged = accounts::judge_legacy(barbara(), files);
    CHECK(judged.password.reveal_text() == whole(records::AccountPart::password));
    CHECK(!judged.is_denied());
    files.erase(records::AccountPart::password);
    put_text(files, records::AccountPart::legacy_password, whole(records::AccountPart::legacy_password) + end);
    CHECK(accounts::judge_legacy(barbara(), files).legacy_password.reveal_text() ==
          whole(records::AccountPart::legacy_password));
  }
}

TEST_CASE("S24 the predecessor's server account is never taken over") {
  const std::string server = account_id_of("server");
  const accounts::LegacyAccount judged = accounts::judge_legacy(server, all_files());
  CHECK(!judged.certificate);
  CHECK(judged.oddities == std::vector{accounts::LegacyOddity::server_account});
}

TEST_CASE("S34 a revocation of the predecessor counts whole and of this account, and else denies") {
  const std::string leslie = legacy_person("leslie").account;
  const std::string made = legacy_text(kLegacyFolder, leslie, records::AccountPart::revocation);
  const auto record = must(accounts::parse_legacy_revocation(leslie, made));
  CHECK(record.reason == "laptop stolen on the train");
  CHECK(format_time(record.revoked_at) == "2026-01-02T03:04:05Z");
  const auto at = [&](const std::string& time) {
    return accounts::parse_legacy_revocation(
        leslie, R"({"user_id":")" + leslie + R"(","reason":"","revoked_at":")" + time + R"("})");
  };
  CHECK(format_time(must(at("2026-01-02T03:04:05Z")).revoked_at) == "2026-01-02T03:04:05Z");
  CHECK(format_time(must(at("2026-01-02T03:04:05.1+01:30")).revoked_at) == "2026-01-02T01:34:05Z");
  CHECK(format_time(must(at("2026-01-02T03:04:05.123456789-01:30")).revoked_at) == "2026-01-02T04:34:05Z");
  for (const char* const time :
       {"", "0001-01-01T00:00:00Z", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567890Z",
        "2026-01-02T03:04:05.1", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+0100", "2026-01-02T03:04:05*01:00",
        "2026-01-02T03:04:05+01:0x", "2026-02-30T03:04:05Z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05ZZ"}) {
    CAPTURE(time);
    CHECK(!at(time));
  }
  accounts::LegacyFiles files = all_files();
  for (const std::string& text :
       {made, std::string("{}"), std::string("null"), std::string("revocation_placeholder"), made.substr(1),
        std::string(R"({"user_id":")" + barbara() + R"(","reason":7,"revoked_at":"2026-01-02T03:04:05Z"})"),
        std::string(R"({"user_id":")" + barbara() + R"(","revoked_at":"2026-01-02T03:04:05Z"})")}) {
    CAPTURE(text);
    put_text(files, records::AccountPart::revocation, text);
    const accounts::LegacyAccount judged = accounts::judge_legacy(barbara(), files);
    CHECK(!judged.revocation);
    CHECK(judged.is_denied());
    CHECK(has(judged, accounts::LegacyOddity::revocation_unreadable));
  }
}

TEST_CASE("a secret key of the predecessor is kept where a passphrase protects it and it is the account's") {
  accounts::LegacyFiles files = all_files();
  CHECK(accounts::judge_legacy(barbara(), files).escrowed_key.reveal_text() ==
        whole(records::AccountPart::escrowed_key));
  const std::string open = legacy_person("open").account;
  put_text(files, records::AccountPart::certificate,
           legacy_text(kLegacyFolder, open, records::AccountPart::certificate));
  CHECK(has(accounts::judge_legacy(barbara(), files), accounts::LegacyOddity::secret_key_of_another));
  CHECK(accounts::judge_legacy(barbara(), files).escrowed_key.empty());
  CHECK(!accounts::judge_legacy(barbara(), files).is_denied());
  put_text(files, records::AccountPart::escrowed_key,
           legacy_text(kLegacyFolder, open, records::AccountPart::escrowed_key));
  const accounts::LegacyAccount judged = accounts::judge_legacy(barbara(), files);
  CHECK(has(judged, accounts::LegacyOddity::secret_key_unprotected));
  CHECK(judged.escrowed_key.empty());
  CHECK(judged.is_denied());
}

TEST_CASE("S50 the key of an account that the predecessor revoked is not kept, and the account stays managed") {
  accounts::LegacyFiles files = all_files();
  put_text(files, records::AccountPart::revocation,
           R"({"user_id":")" + barbara() + R"(","reason":"","revoked_at":"2026-01-02T03:04:05Z"})");
  const accounts::LegacyAccount judged = accounts::judge_legacy(barbara(), files);
  REQUIRE(judged.revocation);
  CHECK(judged.escrowed_key.empty());
  CHECK(judged.managed);
  CHECK(has(judged, accounts::LegacyOddity::secret_key_of_revoked));
  CHECK(!judged.is_denied());
  // Whether it was revoked cannot be known: an administrator may let it in as it was.
  put_text(files, records::AccountPart::revocation, "{");
  CHECK(accounts::judge_legacy(barbara(), files).escrowed_key.reveal_text() ==
        whole(records::AccountPart::escrowed_key));
  CHECK(!has(accounts::judge_legacy(barbara(), files), accounts::LegacyOddity::secret_key_of_revoked));
}

TEST_CASE("every oddity of the predecessor's files has a name, a fate and words of its own") {
  std::set<std::string_view> names;
  std::set<std::string_view> texts;
#define X(name, fate, text)                                                             \
  names.insert(name_of(accounts::LegacyOddity::name));                                  \
  texts.insert(text_of(accounts::LegacyOddity::name));                                  \
  CHECK(accounts::fate_of(accounts::LegacyOddity::name) == accounts::LegacyFate::fate); \
  CHECK(!name_of(accounts::fate_of(accounts::LegacyOddity::name)).empty());
  COUNTERSIGN_LEGACY_ODDITIES(X)
#undef X
  CHECK(names.size() == texts.size());
  CHECK(names.size() == 19);
}
