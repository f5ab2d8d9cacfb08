// What librnp says of the keys in a keyring that holds one certificate. For the engine's own files.
#pragma once

#include <vector>

#include "auth/openpgp/openpgp.hpp"
#include "auth/openpgp/rnp/handles.hpp"

namespace countersign::auth::openpgp::rnp {

struct KeyringFacts {
  CertificateFacts certificate;
  // Every instant at which librnp could judge a key or signature differently. It judges when it loads and never again.
  std::vector<Instant> changes;
  Instant newest_valid = Instant::min();  // when the newest of the signatures that librnp takes was made
  bool has_weak_signature = false;        // a hash that the strict reading does not take
};

// certificate_refused where the primary key is not there.
Result<KeyringFacts> read_keyring(rnp_ffi_t ffi, const Fingerprint& primary);

}  // namespace countersign::auth::openpgp::rnp
