// Holds two OpenPGP engines against each other: the same facts of every certificate, the same verdict on every
// signature, behind the gate and with the policy that they share.
//
//   EngineComparison engines(*rnp, *gpgme);
//   CHECK(engines.difference(certificate, now) == "");
//   CHECK(engines.difference(certificate, statement, signature, SignatureForm::detached, now) == "");
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "auth/openpgp/acceptance.hpp"

namespace countersign::test {

// One thread at a time.
class EngineComparison {
 public:
  EngineComparison(auth::openpgp::OpenPgp& first, auth::openpgp::OpenPgp& second) : first_(first), second_(second) {}

  // Armored or binary. Empty where both say the same of it, else what each says. An engine out of order is a
  // difference. What the gate refuses reaches no engine, and so there is none.
  std::string difference(std::string_view certificate, Instant now);
  // The signature is text as a stranger hands it in: armored, binary, or a clear-signed message. The window is five
  // minutes around `now`.
  std::string difference(std::string_view certificate, std::string_view statement, std::string_view signature,
                         auth::openpgp::SignatureForm form, Instant now);

  // How many passed the gate and were held against each other.
  std::size_t certificates() const { return certificates_; }
  std::size_t signatures() const { return signatures_; }

 private:
  auth::openpgp::OpenPgp& first_;
  auth::openpgp::OpenPgp& second_;
  std::size_t certificates_ = 0;
  std::size_t signatures_ = 0;
};

}  // namespace countersign::test
