// Two readings of one certificate, where what takes away counts in either: a strict one, and one that is not. Pure.
#pragma once

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp {

// What `other` says of revocations, expiries, bindings and user ids is taken away from `facts`; nothing is added.
void take_away(CertificateFacts& facts, const CertificateFacts& other);

}  // namespace countersign::auth::openpgp
