// How long a GnuPG worker may take.
#pragma once

#include <chrono>

namespace countersign::auth::openpgp::gnupg {

// Milliseconds are usual; past this the worker is taken to hang.
inline constexpr std::chrono::seconds kOperationLimit{5};
// To start, with the import of a key and an agent of its own.
inline constexpr std::chrono::seconds kStartLimit{10};
// Primes for RSA 4096 are found by luck: tens of seconds on a slow machine.
inline constexpr std::chrono::seconds kGenerateLimit{120};
// The first use of a key in the operator's home: somebody may have to type a PIN.
inline constexpr std::chrono::seconds kFirstUseLimit{60};

}  // namespace countersign::auth::openpgp::gnupg
