// A key pair by librnp. For the engine's own files.
#pragma once

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp::rnp {

Result<GeneratedKey> generate(KeyKind kind, std::string_view user_id, Instant now);

}  // namespace countersign::auth::openpgp::rnp
