// The word that someone who mistyped probably meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::cli {

// The nearest candidate, if it is at most two edits (and fewer than half the word's letters) away.
std::optional<std::string> suggest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace countersign::cli
