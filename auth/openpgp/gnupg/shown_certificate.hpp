// The certificate that gpg is shown. For the worker.
#pragma once

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::openpgp::gnupg {

// Of a gated certificate what gpg may judge by at `now`: without self-signatures from the future, which it lets speak
// (a revocation speaks whenever it is from), and without those whose left 16 bits of the hash are wrong, which it does
// not compare, so that a changed certificate would be as good as the one that was signed. openpgp_unavailable,
// packet_refused.
Result<Bytes> certificate_shown_at(ByteView certificate, Instant now);

}  // namespace countersign::auth::openpgp::gnupg
