// One certificate in a keyring of its own: what parsing it cost is spent once. For the engine's own files.
#pragma once

#include <memory>

#include "auth/openpgp/openpgp.hpp"
#include "auth/openpgp/rnp/handles.hpp"

namespace countersign::auth::openpgp::rnp {

// One thread at a time. About 75 KiB.
class ParsedCertificate {
 public:
  // Judged at `now`. certificate_refused.
  static Result<std::unique_ptr<ParsedCertificate>> load(const gate::GatedCertificate& certificate, Instant now);

  const CertificateFacts& facts() const { return facts_; }
  // Nothing begins, expires or is revoked between the time of loading and this one.
  bool holds_at(Instant now) const { return now >= holds_from_ && now < holds_until_; }

  Result<SignatureFacts> verify(ByteView message, const gate::GatedSignature& signature, Instant now);
  // PKESK and SEIPD packets around `packets`, which are whole packets themselves. certificate_refused.
  Result<Bytes> encrypt(ByteView packets, const Fingerprint& key, Instant now);

 private:
  ParsedCertificate(Ffi ffi, CertificateFacts facts) : ffi_(std::move(ffi)), facts_(std::move(facts)) {}

  Ffi ffi_;
  CertificateFacts facts_;
  Instant holds_from_ = Instant::min();
  Instant holds_until_ = Instant::max();
};

}  // namespace countersign::auth::openpgp::rnp
