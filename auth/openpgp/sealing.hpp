// What is the same in every engine when it seals: the message before and after it is encrypted. For the engines' own
// files. Both fail with openpgp_unavailable where what the engine made is not as it should be. Pure.
#pragma once

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp {

// One signature packet by the server's key, and which of its keys made it.
struct ServerSignature {
  Bytes packet;
  Fingerprint signing_key;
};

// The packets that are encrypted: the text, signed, with what verifies it of the server's certificate.
Result<Bytes> packets_to_seal(const SealRequest& request, const ServerSignature& signature,
                              const gate::GatedCertificate& server_certificate);
// The packets of a session key and of integrity protected data, armored, and addressed as the request wants it.
Result<std::string> sealed_message(ByteView encrypted, const SealRequest& request);

}  // namespace countersign::auth::openpgp
