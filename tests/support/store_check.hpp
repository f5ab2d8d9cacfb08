// What must hold of a store whatever happened to it: between any two commits, after any fault.
#pragma once

#include <string>
#include <vector>

#include "tests/support/house.hpp"

namespace countersign::test {

// What does not hold; empty where all is well.
//
//   audit       every chain verifies
//   accounts    a record has its certificate, with the hash and fingerprint that it says, and its key points back; no
//               certificate and no key stands without its record; a revocation record where it is revoked and nowhere
//               else; of a deleted one nothing is left but the record; an escrowed key is the account's, which is
//               managed
//   revocations numbered without a gap, and no account is behind one of its own
//   challenges  as many are consumed as were redeemed, but for those that may have been swept, or forgotten by a
//   restore sessions    each was opened by a login on record; a pointer leads to its session, and each is either
//   pointed at or
//               replaced
std::vector<std::string> faults_of_store(storage::Medium& medium, House& house);

}  // namespace countersign::test
