// A key pair by librnp. For the engine's own files.
#pragma once

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp::rnp {

Result<GeneratedKey> generate(const KeyRequest& request);

}  // namespace countersign::auth::openpgp::rnp
