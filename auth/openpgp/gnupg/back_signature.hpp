// Did a subkey that signs agree to be one? gpg asks that when it verifies, but its listings do not tell, so here
// libgcrypt, which gpg computes with, is asked. For the worker.
#pragma once

#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp::gnupg {

// A subkey that signs is bound only if a binding of it holds a back signature (RFC 4880 §5.2.1, class 0x19) by itself,
// over both keys, with SHA-2, made by `now` and not expired by its own word: what has none loses `bound`, and with it
// every use. openpgp_unavailable where libgcrypt does not start; packet_refused and the like where the packets cannot
// be read.
Status unbind_without_back_signature(CertificateFacts& facts, const gate::GatedCertificate& certificate, Instant now);

}  // namespace countersign::auth::openpgp::gnupg
