#include "auth/openpgp/sealing.hpp"

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/encrypted_message.hpp"
#include "auth/openpgp/gate/key_block.hpp"
#include "auth/openpgp/gate/signed_message.hpp"

namespace countersign::auth::openpgp {

Result<Bytes> packets_to_seal(const SealRequest& request, const ServerSignature& signature,
                              const GatedCertificate& server_certificate) {
  const Bytes key_block = TRY(minimal_certificate(server_certificate, signature.signing_key));
  return make_signed_message(request.text, signature.packet, key_block, request.successions);
}

Result<std::string> sealed_message(ByteView encrypted, const SealRequest& request) {
  const Bytes finished = TRY(address_message(encrypted, request.encryption_key, request.hide_recipient));
  return enarmor("PGP MESSAGE", finished);
}

}  // namespace countersign::auth::openpgp
