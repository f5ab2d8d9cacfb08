#include "transport/wormhole/code.hpp"

#include <algorithm>

#include "storage/base/text.hpp"
#include "transport/wormhole/pgp_words.hpp"

namespace countersign::transport::wormhole {
namespace {

bool is_white(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

tl::unexpected<Error> no_code(const std::string& why) {
  return fail(ErrorCode::usage, why + "; a code looks like 7-guitarist-revenge: a number, then words");
}

// A run of blanks is one hyphen; beside a hyphen it is nothing.
std::string hyphenated(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_white(text[i])) {
      out.push_back(text[i++]);
      continue;
    }
    while (i < text.size() && is_white(text[i])) ++i;
    const bool before = out.empty() || out.back() == '-';
    const bool behind = i == text.size() || text[i] == '-';
    if (!before && !behind) out.push_back('-');
  }
  return out;
}

}  // namespace

bool is_nameplate(std::string_view text) {
  return !text.empty() && text.size() <= kNameplateDigitsMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<Code> make_code(std::string_view nameplate, std::size_t words, auth::Rng& rng) {
  if (!is_nameplate(nameplate)) return fail(ErrorCode::usage, "a nameplate is a number");
  if (words == 0 || words > kCodeWordsMax) {
    return fail(ErrorCode::usage, "a code has 1 to " + std::to_string(kCodeWordsMax) + " words");
  }
  const Secret drawn = TRY(auth::random_secret(rng, words));
  std::string text(nameplate);
  text.reserve(kCodeBytesMax);  // no copy is left behind where it grows
  for (std::size_t i = 0; i < words; ++i) {
    const auto& column = i % 2 == 0 ? kThreeSyllableWords : kTwoSyllableWords;
    text += '-';
    text += column[drawn.reveal()[i]];
  }
  return Code{std::string(nameplate), Secret::take(text)};
}

Result<Code> parse_code(std::string_view typed) {
  // Before anything is done with it. Form C is never three times as long.
  if (typed.size() > 4 * kCodeBytesMax) return no_code("this is too long for a code");
  std::string text = hyphenated(typed);
  auto normal = to_nfc(text);
  wipe(text);
  if (!normal) return no_code("this is not text in UTF-8");
  const Secret code = Secret::take(*normal);
  const std::string_view shown = code.reveal_text();
  if (shown.empty()) return no_code("there is no code");
  if (shown.size() > kCodeBytesMax) return no_code("this is too long for a code");
  if (has_unprintable(shown)) return no_code("there is a character in this that nobody can see");
  const std::size_t hyphen = shown.find('-');
  const std::string_view nameplate = shown.substr(0, hyphen);
  if (!is_nameplate(nameplate)) return no_code("a code begins with a number, and this does not");
  if (hyphen == std::string_view::npos || shown.find_first_not_of('-', hyphen) == std::string_view::npos) {
    return no_code("the words behind the number are missing");
  }
  return Code{std::string(nameplate), code};
}

}  // namespace countersign::transport::wormhole
