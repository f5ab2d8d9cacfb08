// A secret that is handed out as text, once: a prefix that says what it opens, and 43 base64url characters (32 random
// bytes). A session's token is one, and the secret of an invite.
#pragma once

#include <string_view>

#include "auth/base/rng.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::records {

// entropy_unavailable.
Result<Secret> make_printed_secret(Rng& rng, std::string_view prefix);
// Of exactly that form; whether it opens anything is another question.
bool is_printed_secret(std::string_view text, std::string_view prefix);

}  // namespace countersign::auth::records
