#include "auth/openpgp/rnp/rnp_openpgp.hpp"

#include <utility>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/rnp/certificate_cache.hpp"
#include "auth/openpgp/rnp/generate.hpp"
#include "auth/openpgp/rnp/server_key.hpp"
#include "auth/openpgp/rnp/silence.hpp"
#include "auth/openpgp/sealing.hpp"

namespace countersign::auth::openpgp::rnp {
namespace {

constexpr std::size_t kParsedCertificatesMax = 1024;  // about 75 MiB

}  // namespace

class RnpOpenPgp::Impl {
 public:
  explicit Impl(std::unique_ptr<ServerKey> key_or_none)
      : cache(kParsedCertificatesMax), server_key(std::move(key_or_none)) {}

  Result<ServerKey*> key() const {
    if (!server_key) return fail(ErrorCode::openpgp_unavailable, "this engine holds no server key");
    return server_key.get();
  }

  CertificateCache cache;
  std::unique_ptr<ServerKey> server_key;
};

RnpOpenPgp::RnpOpenPgp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RnpOpenPgp::~RnpOpenPgp() = default;

Result<std::unique_ptr<RnpOpenPgp>> RnpOpenPgp::open(const Secret& secret_key) {
  const Silence silence;
  std::unique_ptr<ServerKey> server_key;
  if (!secret_key.empty()) server_key = TRY(ServerKey::open(secret_key));
  return std::unique_ptr<RnpOpenPgp>(new RnpOpenPgp(std::make_unique<Impl>(std::move(server_key))));
}

Result<CertificateFacts> RnpOpenPgp::inspect(const gate::GatedCertificate& certificate, Instant now) {
  const Silence silence;
  const auto parsed = TRY(impl_->cache.borrow(certificate, now));
  return parsed->facts();
}

Result<std::string> RnpOpenPgp::seal(const SealRequest& request) {
  const Silence silence;
  ServerKey* const server_key = TRY(impl_->key());
  const auto made = TRY(server_key->sign(request.text, request.now));
  const Bytes packets = TRY(packets_to_seal(request, made, server_key->certificate()));
  const auto recipient = TRY(impl_->cache.borrow(request.recipient, request.now));
  return sealed_message(request, [&] { return recipient->encrypt(packets, request.encryption_key, request.now); });
}

Result<std::string> RnpOpenPgp::sign(std::string_view text, Instant now) {
  const Silence silence;
  ServerKey* const server_key = TRY(impl_->key());
  const auto made = TRY(server_key->sign(text, now));
  return gate::enarmor("PGP SIGNATURE", made.packet);
}

Result<SignatureFacts> RnpOpenPgp::verify(const gate::GatedCertificate& certificate, ByteView message,
                                          const gate::GatedSignature& signature, Instant now) {
  const Silence silence;
  const auto parsed = TRY(impl_->cache.borrow(certificate, now));
  return parsed->verify(message, signature, now);
}

Result<GeneratedKey> RnpOpenPgp::generate(const KeyRequest& request) {
  const Silence silence;
  return rnp::generate(request);
}

}  // namespace countersign::auth::openpgp::rnp
