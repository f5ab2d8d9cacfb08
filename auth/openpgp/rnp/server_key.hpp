// The server's secret key in librnp. For the engine's own files.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "auth/openpgp/openpgp.hpp"
#include "auth/openpgp/rnp/handles.hpp"
#include "auth/openpgp/sealing.hpp"

namespace countersign::auth::openpgp::rnp {

// Any thread at any time: each signs in a keyring of its own, a few of which are kept.
class ServerKey {
 public:
  ~ServerKey();
  // A transferable secret key, unprotected. certificate_refused.
  static Result<std::unique_ptr<ServerKey>> open(const Secret& secret_key);

  // Of class 0x00, with the newest subkey that may sign now and is there, else the primary. openpgp_unavailable where
  // none may.
  Result<ServerSignature> sign(std::string_view text, Instant now);
  const gate::GatedCertificate& certificate() const { return certificate_; }

 private:
  struct Signer;
  ServerKey(Secret secret_key, gate::GatedCertificate certificate);
  Result<std::unique_ptr<Signer>> load(Instant now) const;
  std::unique_ptr<Signer> find(Instant now);
  void give_back(std::unique_ptr<Signer> signer);

  Secret secret_key_;
  gate::GatedCertificate certificate_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Signer>> idle_;
};

}  // namespace countersign::auth::openpgp::rnp
