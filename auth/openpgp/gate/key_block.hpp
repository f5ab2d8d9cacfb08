// The least of a certificate that lets others verify one key's signatures. Pure.
#pragma once

#include "auth/openpgp/gate/packet_gate.hpp"

namespace countersign::auth::openpgp::gate {

// The primary key with its direct signatures, its first user id with its newest certification, and, where `signing_key`
// is a subkey, that subkey with its signatures; revocations of each. certificate_refused where it is no key of it.
Result<Bytes> minimal_certificate(const GatedCertificate& certificate, const Fingerprint& signing_key);

}  // namespace countersign::auth::openpgp::gate
