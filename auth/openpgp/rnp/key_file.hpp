// The server's key as a file of its secrets: librnp certifies with it.
#pragma once

#include <string>

#include "auth/openpgp/key_home.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp {

class RnpKeyFile final : public KeyHome {
 public:
  // A transferable secret key, binary and unprotected. What is wrong with it is said when it is needed.
  RnpKeyFile(std::string place, Secret secret_key) : place_(std::move(place)), secret_key_(std::move(secret_key)) {}

  std::string place() const override { return place_; }
  Result<GatedCertificate> extend(const GatedCertificate& certificate, const std::optional<Instant>& expires_at,
                                  Instant now) override;

 private:
  std::string place_;
  Secret secret_key_;
};

}  // namespace countersign::auth::openpgp
