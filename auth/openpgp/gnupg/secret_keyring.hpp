// The server's secret key in GnuPG: in a home of our own, or in the operator's. For the worker; one thread at a time.
#pragma once

#include <memory>

#include "auth/openpgp/gnupg/private_home.hpp"
#include "auth/openpgp/gnupg/worker_messages.hpp"

namespace countersign::auth::openpgp::gnupg {

// Every method fails with openpgp_unavailable, and a detail that says what to do; signing with key_locked too, where a
// PIN or passphrase was wrong, cancelled or blocked.
class SecretKeyring {
 public:
  virtual ~SecretKeyring() = default;
  // The public half, as gpg exports it.
  virtual const Bytes& certificate() const = 0;
  virtual Result<SignReply> sign(const SignRequest& request) = 0;
  // Whether it is within reach; asks nobody for a PIN.
  virtual Status look() = 0;
};

// A transferable secret key without a passphrase, taken into that home, whose agent is started. certificate_refused
// besides, where the key cannot be used.
Result<std::unique_ptr<SecretKeyring>> take_key(PrivateHome home, const Secret& secret_key);

// The key of that primary fingerprint in a home that is not ours, with its own agent, pinentry and tokens. Signatures
// carry the time of this machine's clock.
Result<std::unique_ptr<SecretKeyring>> use_key(const std::string& operators_home, const Fingerprint& key);

// Makes a key in that home, which is to be thrown away then.
Result<GenerateReply> generate_key(PrivateHome home, const GenerateRequest& request);

}  // namespace countersign::auth::openpgp::gnupg
