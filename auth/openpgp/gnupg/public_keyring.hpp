// What needs no secret key, done by gpg over one certificate at a time. For the worker; one thread at a time.
#pragma once

#include "auth/openpgp/gnupg/private_home.hpp"
#include "auth/openpgp/gnupg/worker_messages.hpp"

namespace countersign::auth::openpgp::gnupg {

class PublicKeyring {
 public:
  explicit PublicKeyring(PrivateHome home) : home_(std::move(home)) {}

  // certificate_refused, openpgp_unavailable.
  Result<InspectReply> inspect(const InspectRequest& request);
  // openpgp_unavailable.
  Result<VerifyReply> verify(const VerifyRequest& request);
  // certificate_refused, openpgp_unavailable.
  Result<EncryptReply> encrypt(const EncryptRequest& request);

 private:
  Result<CertificateFacts> list(const gate::GatedCertificate& certificate, Instant now, HashRule rule);

  PrivateHome home_;
};

}  // namespace countersign::auth::openpgp::gnupg
