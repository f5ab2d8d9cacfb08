// An engine that answers what the test tells it to.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::test {

// A question without an answer set fails with openpgp_unavailable. One thread at a time.
class FakeOpenPgp final : public auth::openpgp::OpenPgp {
 public:
  using CertificateFacts = auth::openpgp::CertificateFacts;
  using GatedCertificate = auth::openpgp::gate::GatedCertificate;
  using GatedSignature = auth::openpgp::gate::GatedSignature;
  using GeneratedKey = auth::openpgp::GeneratedKey;
  using KeyRequest = auth::openpgp::KeyRequest;
  using SealRequest = auth::openpgp::SealRequest;
  using SignatureFacts = auth::openpgp::SignatureFacts;

  std::function<Result<CertificateFacts>(const GatedCertificate&, Instant)> on_inspect;
  std::function<Result<std::string>(const SealRequest&)> on_seal;
  std::function<Result<std::string>(std::string_view, Instant)> on_sign;
  std::function<Result<SignatureFacts>(const GatedCertificate&, std::string_view, const GatedSignature&)> on_verify;
  std::function<Result<GeneratedKey>(const KeyRequest&)> on_generate;

  Result<CertificateFacts> inspect(const GatedCertificate& certificate, Instant now) override {
    if (!on_inspect) return unset();
    return on_inspect(certificate, now);
  }
  Result<std::string> seal(const SealRequest& request) override {
    if (!on_seal) return unset();
    return on_seal(request);
  }
  Result<std::string> sign(std::string_view text, Instant now) override {
    if (!on_sign) return unset();
    return on_sign(text, now);
  }
  Result<SignatureFacts> verify(const GatedCertificate& certificate, ByteView message, const GatedSignature& signature,
                                Instant) override {
    if (!on_verify) return unset();
    return on_verify(certificate, as_text(message), signature);
  }
  Result<GeneratedKey> generate(const KeyRequest& request) override {
    if (!on_generate) return unset();
    return on_generate(request);
  }

 private:
  static tl::unexpected<Error> unset() { return fail(ErrorCode::openpgp_unavailable, "the fake has no answer"); }
};

}  // namespace countersign::test
