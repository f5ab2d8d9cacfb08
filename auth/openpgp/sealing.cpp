#include "auth/openpgp/sealing.hpp"

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/encrypted_message.hpp"
#include "auth/openpgp/gate/key_block.hpp"
#include "auth/openpgp/gate/signed_message.hpp"

namespace countersign::auth::openpgp {
namespace {

constexpr int kTriesMax = 8;

// What is wrong here was made by the engine or is the server's own: nothing of the recipient's is at fault.
template <class T>
Result<T> by_engine(Result<T> made) {
  if (made) return made;
  return fail(ErrorCode::openpgp_unavailable, "sealing: " + made.error().detail);
}

Result<Bytes> signed_packets(const SealRequest& request, const ServerSignature& signature,
                             const gate::GatedCertificate& server_certificate) {
  const Bytes key_block = TRY(minimal_certificate(server_certificate, signature.signing_key));
  return gate::make_signed_message(request.text, signature.packet, key_block, request.successions);
}

}  // namespace

Result<Bytes> packets_to_seal(const SealRequest& request, const ServerSignature& signature,
                              const gate::GatedCertificate& server_certificate) {
  return by_engine(signed_packets(request, signature, server_certificate));
}

Result<std::string> sealed_message(const SealRequest& request, const std::function<Result<Bytes>()>& encrypt) {
  Bytes encrypted = TRY(encrypt());
  // A short one is a good message all the same, so the last try counts, whatever came of it.
  for (int more = kTriesMax - 1; more > 0; --more) {
    if (!TRY(by_engine(gate::has_short_session_key(encrypted, request.recipient, request.encryption_key)))) break;
    encrypted = TRY(encrypt());
  }
  const Bytes finished =
      TRY(by_engine(gate::address_message(encrypted, request.encryption_key, request.hide_recipient)));
  return gate::enarmor("PGP MESSAGE", finished);
}

}  // namespace countersign::auth::openpgp
