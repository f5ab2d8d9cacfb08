// What is the same in every engine when it seals: the message before and after it is encrypted. For the engines' own
// files. Both fail with openpgp_unavailable where what the engine made is not as it should be. Pure.
#pragma once

#include <functional>

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
// What `encrypt` makes, the packets of a session key and of integrity protected data: armored, and addressed as the
// request wants it. Encrypts again where an RSA session key is short, since gnupg-pkcs11-scd hands such a one to the
// token without the zeros in front, and tokens take it for no message of theirs.
Result<std::string> sealed_message(const SealRequest& request, const std::function<Result<Bytes>()>& encrypt);

}  // namespace countersign::auth::openpgp
