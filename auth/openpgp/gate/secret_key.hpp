// The server's own transferable secret key (RFC 4880 §11.2), and the certificate that speaks for it now. Pure.
#pragma once

#include "auth/openpgp/gate/packet_gate.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp {

// Of the primary key. packet_refused, unknown_version, certificate_refused.
Result<Fingerprint> fingerprint_of_secret_key(ByteView secret_key);

// The secret keys with the user ids and signatures of the certificate in place of their own. What a key says of itself,
// its expiry above all, changes; its secret does not. So the file with the secret is written once, and the certificate
// on the medium counts. Subkeys of the certificate whose secret is not there are left out. certificate_refused where
// the primary's is not there, packet_refused.
Result<Secret> with_certificate(ByteView secret_key, const GatedCertificate& certificate);

}  // namespace countersign::auth::openpgp
