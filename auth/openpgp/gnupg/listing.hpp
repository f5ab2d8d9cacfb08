// Reads what `gpg --with-colons --check-sigs` says of one certificate (GnuPG's doc/DETAILS). Pure.
#pragma once

#include <string_view>

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp::gnupg {

// Of exactly one certificate, with that primary, as gpg judged it at `now`. gpg does not tell whether a subkey that
// signs agreed to be one: see back_signature.hpp. certificate_refused where gpg lists something else.
Result<CertificateFacts> read_listing(std::string_view listing, const Fingerprint& primary, Instant now);

}  // namespace countersign::auth::openpgp::gnupg
