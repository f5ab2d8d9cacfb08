// The PGP word list (Juola and Zimmermann, 1995): a word for each byte that people tell apart by ear. In lower case, as
// magic-wormhole uses it.
#pragma once

#include <array>
#include <string_view>

namespace countersign::transport::wormhole {

// By the byte. The two columns share no word, so a word that was left out or swapped shows.
extern const std::array<std::string_view, 256> kTwoSyllableWords;    // even places: aardvark to zulu
extern const std::array<std::string_view, 256> kThreeSyllableWords;  // odd places: adroitness to yucatan

}  // namespace countersign::transport::wormhole
