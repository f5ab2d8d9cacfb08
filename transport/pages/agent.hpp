// Which program a browser says it is, in words that its user knows it by. Pure.
#pragma once

#include <string>
#include <string_view>

namespace countersign::transport::pages {

// "Firefox on Linux", of a User-Agent (RFC 9110, section 10.1.5); "an unknown browser" for what is none of the known.
// A stranger writes what they like there: it helps who asked to know their own request, and proves nothing.
std::string describe_agent(std::string_view user_agent);

}  // namespace countersign::transport::pages
