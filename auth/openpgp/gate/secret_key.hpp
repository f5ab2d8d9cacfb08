// Transferable secret keys (RFC 4880 §11.2): the server's own with the certificate that speaks for it now, and those
// that it makes for others or takes over from its predecessor. Pure.
#pragma once

#include "auth/openpgp/gate/packet_gate.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp::gate {

// Does an armored one begin anywhere in it? Wherever it stands, who handed it in has exposed it.
bool holds_secret_key(std::string_view text);
// That, or a binary one as the whole of it.
bool is_secret_key(std::string_view text);

// Of the primary key. packet_refused, unknown_version, certificate_refused.
Result<Fingerprint> fingerprint_of_secret_key(ByteView secret_key);

// What everybody may know of it: its public keys with their user ids and signatures, as packets. Not admitted yet.
// certificate_refused, packet_refused, unknown_version.
Result<Bytes> certificate_of_secret_key(ByteView secret_key);

// The secret keys with the user ids and signatures of the certificate in place of their own. What a key says of itself,
// its expiry above all, changes; its secret does not. So the file with the secret is written once, and the certificate
// on the medium counts. Subkeys of the certificate whose secret is not there are left out. certificate_refused where
// the primary's is not there, packet_refused.
Result<Secret> with_certificate(ByteView secret_key, const GatedCertificate& certificate);

// Is every key and subkey in it encrypted under a passphrase, and as costly to try as the format lets it be: AES, S2K
// iterated and salted at the highest count (§3.7.1.3, §5.5.3)? What an engine says of that is not asked: librnp counts
// wrong. certificate_refused where not, or where it is no secret key; packet_refused, unknown_version.
Status check_protected(ByteView secret_key);

struct SecretKeyFacts {
  Fingerprint fingerprint;    // of the primary key
  bool is_encrypted = false;  // the primary and each subkey under a passphrase, whatever it costs to try (§3.7.1)
};
// Armored or binary. armor_invalid, packet_refused, unknown_version, certificate_refused.
Result<SecretKeyFacts> inspect_secret_key(std::string_view text);

}  // namespace countersign::auth::openpgp::gate
