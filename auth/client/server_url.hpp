// Where a server answers, in one spelling, so that two ways of writing an address are not two servers. Pure.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/result.hpp"

namespace countersign::auth::client {

// http or https, host and perhaps port and path (RFC 3986 §3, §6.2.2, §6.2.3): scheme and host in lower case, no
// default port, no slash at the end. Without user, query and fragment. malformed_message.
Result<std::string> normal_url(std::string_view url);

// Are both URLs, and is it the same place?
bool is_same_url(std::string_view a, std::string_view b);

// May a secret go there: https, or plain http that does not leave this machine.
bool is_confidential_url(std::string_view url);

}  // namespace countersign::auth::client
