// Two engines as one: what both vouch for counts (agreement.hpp), and where they disagree nothing does.
#pragma once

#include <memory>
#include <string>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp {

// A disagreement fails with engines_disagree and is an alarm in the log, with what either engine found: two independent
// implementations that read the same few packets differently are a flaw in one of them, or somebody who looks for one.
//
// openpgp_unavailable where either engine is out of order. What both refuse fails as the first one does.
class BothOpenPgp final : public OpenPgp {
 public:
  struct Engine {
    std::string name;  // for the log: "rnp", "gpgme"
    std::unique_ptr<OpenPgp> openpgp;
  };
  // The first holds the server's secret key: it alone seals, signs and generates.
  BothOpenPgp(Engine holder, Engine other);

  Result<CertificateFacts> inspect(const gate::GatedCertificate& certificate, Instant now) override;
  Result<std::string> seal(const SealRequest& request) override;
  Result<std::string> sign(std::string_view text, Instant now) override;
  Result<SignatureFacts> verify(const gate::GatedCertificate& certificate, ByteView message,
                                const gate::GatedSignature& signature, Instant now) override;
  Result<GeneratedKey> generate(const KeyRequest& request) override;

 private:
  template <class Facts>
  Result<Facts> judge(const gate::GatedCertificate& certificate, const Result<Facts>& first,
                      const Result<Facts>& second) const;

  Engine holder_;
  Engine other_;
};

}  // namespace countersign::auth::openpgp
