// An engine that forwards everything to another and tells what it found the way the test wants it told: one half of two
// engines that disagree.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::test {

class TwistedOpenPgp final : public auth::openpgp::OpenPgp {
 public:
  using CertificateFacts = auth::openpgp::CertificateFacts;
  using GatedCertificate = auth::openpgp::gate::GatedCertificate;
  using GatedSignature = auth::openpgp::gate::GatedSignature;
  using SignatureFacts = auth::openpgp::SignatureFacts;

  explicit TwistedOpenPgp(std::unique_ptr<auth::openpgp::OpenPgp> inner) : inner_(std::move(inner)) {}

  std::function<Result<CertificateFacts>(Result<CertificateFacts>)> on_inspect;
  std::function<Result<SignatureFacts>(Result<SignatureFacts>)> on_verify;

  Result<CertificateFacts> inspect(const GatedCertificate& certificate, Instant now) override {
    auto facts = inner_->inspect(certificate, now);
    return on_inspect ? on_inspect(std::move(facts)) : facts;
  }
  Result<std::string> seal(const auth::openpgp::SealRequest& request) override { return inner_->seal(request); }
  Result<std::string> sign(std::string_view text, Instant now) override { return inner_->sign(text, now); }
  Result<SignatureFacts> verify(const GatedCertificate& certificate, ByteView message, const GatedSignature& signature,
                                Instant now) override {
    auto facts = inner_->verify(certificate, message, signature, now);
    return on_verify ? on_verify(std::move(facts)) : facts;
  }
  Result<auth::openpgp::GeneratedKey> generate(const auth::openpgp::KeyRequest& request) override {
    return inner_->generate(request);
  }

 private:
  std::unique_ptr<auth::openpgp::OpenPgp> inner_;
};

}  // namespace countersign::test
