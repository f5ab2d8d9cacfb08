// What somebody pasted in the place of a response, where it is something else that they are likely to have at hand.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace countersign::transport::pages {

// What it is, and what to paste instead; empty where it is nothing that is known.
std::string advice_on_pasted(std::string_view text);

}  // namespace countersign::transport::pages
