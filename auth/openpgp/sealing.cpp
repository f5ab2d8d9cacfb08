#include "auth/openpgp/sealing.hpp"

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/encrypted_message.hpp"
#include "auth/openpgp/gate/key_block.hpp"
#include "auth/openpgp/gate/signed_message.hpp"

namespace countersign::auth::openpgp {
namespace {

// What is wrong here was made by the engine or is the server's own: nothing of the recipient's is at fault.
template <class T>
Result<T> by_engine(Result<T> made) {
  if (made) return made;
  return fail(ErrorCode::openpgp_unavailable, "sealing: " + made.error().detail);
}

Result<Bytes> signed_packets(std::string_view text, const ServerSignature& signature,
                             const GatedCertificate& server_certificate) {
  const Bytes key_block = TRY(minimal_certificate(server_certificate, signature.signing_key));
  return make_signed_message(text, signature.packet, key_block);
}

}  // namespace

Result<Bytes> packets_to_seal(std::string_view text, const ServerSignature& signature,
                              const GatedCertificate& server_certificate) {
  return by_engine(signed_packets(text, signature, server_certificate));
}

Result<std::string> sealed_message(ByteView encrypted, const SealRequest& request) {
  const Bytes finished = TRY(by_engine(address_message(encrypted, request.encryption_key, request.hide_recipient)));
  return enarmor("PGP MESSAGE", finished);
}

}  // namespace countersign::auth::openpgp
