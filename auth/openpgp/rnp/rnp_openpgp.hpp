// The server's default engine: librnp, in-process.
#pragma once

#include <memory>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp::rnp {

// Must end before main does: Botan, beneath librnp, is gone when static objects are destroyed. From the first use on,
// `stderr` is another stream of the C library (see rnp/silence.hpp); descriptor 2 is untouched.
class RnpOpenPgp final : public OpenPgp {
 public:
  // With a transferable secret key (binary, unprotected) as the server's key, or with an empty Secret: then seal and
  // sign fail with openpgp_unavailable. certificate_refused where the key cannot be used.
  static Result<std::unique_ptr<RnpOpenPgp>> open(const Secret& secret_key);
  ~RnpOpenPgp() override;

  Result<CertificateFacts> inspect(const gate::GatedCertificate& certificate, Instant now) override;
  Result<std::string> seal(const SealRequest& request) override;
  Result<std::string> sign(std::string_view text, Instant now) override;
  Result<SignatureFacts> verify(const gate::GatedCertificate& certificate, ByteView message,
                                const gate::GatedSignature& signature, Instant now) override;
  Result<GeneratedKey> generate(const KeyRequest& request) override;

 private:
  class Impl;
  explicit RnpOpenPgp(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::auth::openpgp::rnp
