// What a primary key says of its own expiry and use, where its self-signatures do not all say the same. For the
// engine's own files.
//
// librnp listens to a direct signature, else to the primary user id, else to the newest. GnuPG asks for each thing
// anew: a direct signature that speaks of it, else the newest of the user ids that do. Here it is as in GnuPG, whatever
// order the packets have, so that both engines say the same; RFC 4880 §5.2.3.3 leaves it to the reader.
#pragma once

#include "auth/openpgp/openpgp.hpp"
#include "auth/openpgp/rnp/handles.hpp"

namespace countersign::auth::openpgp::rnp {

// Sets expiry and use of `primary`, which librnp read out of this certificate. certificate_refused.
Status settle_primary(KeyFacts& primary, const gate::GatedCertificate& certificate, Reading reading, Instant now);

}  // namespace countersign::auth::openpgp::rnp
