// Files that this server signed and reads again: are they its own?
#pragma once

#include <string>
#include <string_view>

#include "auth/context.hpp"

namespace countersign::auth::proving {

// What such a file says of itself.
struct SignedHere {
  std::string_view server;
  std::string_view store;  // hex
  Fingerprint server_key;
  Instant made_at{};
  std::string_view signature;  // armored, detached
};

// Is `text` signed by a present or former key of this server, for this store, at the time that it names? `what` names
// the file. file_refused, signature_*; certificate_refused.
Status verify_own_signature(const Context& context, std::string_view what, const SignedHere& file,
                            std::string_view text, Instant now);

}  // namespace countersign::auth::proving
