// Whether a key may become an account's: asked before a challenge for it is issued, and again when it is staged.
#pragma once

#include "auth/context.hpp"

namespace countersign::auth::proving {

// May the key become that account's, or a new one's where none is given? key_taken where it is the server's own, or an
// account's, present or former.
Status judge_next_key(const Context& context, const records::Account* account, const Fingerprint& next);

}  // namespace countersign::auth::proving
