// What two engines say of one certificate or one signature, made into what both vouch for. Pure.
//
// What takes away needs one of them: a key is revoked where either finds it revoked, and expires at the earlier date.
// What grants needs both: a key is bound, may certify, sign or encrypt, and a user id is told, where both say so.
// Everything else is the same in both or a disagreement, and nothing is enrolled or accepted on one.
#pragma once

#include <string_view>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp {

// For the detail of a disagreement, which says what either engine found. It holds no user id.
struct EngineNames {
  std::string_view first;
  std::string_view second;
};

// engines_disagree: about a fingerprint, an algorithm, a creation time, or a subkey that one engine vouches for and the
// other does not know. Subkeys stand in the order of the first.
Result<CertificateFacts> agree(EngineNames names, const CertificateFacts& first, const CertificateFacts& second);

// Valid where both verified the same signature by the same key. Where neither verified it there is nothing to disagree
// about, whatever else they say. engines_disagree.
Result<SignatureFacts> agree(EngineNames names, const SignatureFacts& first, const SignatureFacts& second);

}  // namespace countersign::auth::openpgp
