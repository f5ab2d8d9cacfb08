// A certificate that somebody wants to enrol: through the gate, inspected, judged, and refused with a reason that its
// owner may read.
#pragma once

#include <string>
#include <vector>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp {

struct Enrollable {
  gate::GatedCertificate certificate;
  CertificateFacts facts;
  KeyFacts encryption_key;
  std::vector<std::string> left_out;  // a line each: what the gate left out, and what the policy does not accept
};

// Every refusal has the face `malformed`: what the gate says, certificate_disputed where two engines disagree about it,
// or certificate_refused with the policy's reason. openpgp_unavailable.
Result<Enrollable> check_enrollable(OpenPgp& engine, std::string_view text, std::size_t read_bytes_max, Instant now);

}  // namespace countersign::auth::openpgp
