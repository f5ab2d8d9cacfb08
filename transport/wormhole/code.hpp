// The code of a wormhole, which one person reads out and another types: `7-guitarist-revenge`. The number is the
// nameplate, under which the mailbox lets two sides meet; the whole code is the password that they agree on a key by
// (client-protocol.md of magic-wormhole-protocols, "Wormhole Codes").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "auth/base/rng.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::size_t kCodeWords = 2;  // each is a byte, so a stranger's one guess is right once in 65,536
inline constexpr std::size_t kCodeWordsMax = 8;
inline constexpr std::size_t kCodeBytesMax = 200;
inline constexpr std::size_t kNameplateDigitsMax = 40;

struct Code {
  std::string nameplate;
  Secret text;  // all of it, the nameplate included: UTF-8 in form C
};

// 1 to kNameplateDigitsMax digits.
bool is_nameplate(std::string_view text);

// With so many words of the PGP word list, the first one of three syllables, then of two and three in turn. usage for
// what is no nameplate and for no words or more than kCodeWordsMax; entropy_unavailable.
Result<Code> make_code(std::string_view nameplate, std::size_t words, auth::Rng& rng);

// A code as somebody typed it. White space around it goes, and blanks within become the hyphens that they stand for,
// since nobody says "hyphen" on a telephone; a hyphen that has blanks beside it stays one. Nothing else is changed and
// no word is looked up: another program may make codes of any words, in any case. usage, with what is amiss and an
// example.
Result<Code> parse_code(std::string_view typed);

}  // namespace countersign::transport::wormhole
