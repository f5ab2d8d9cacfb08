// The server's key as a file of its secrets: librnp makes it and certifies with it.
#pragma once

#include <filesystem>
#include <string>

#include "auth/openpgp/key_home.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp::rnp {

class RnpKeyFile final : public KeyHome {
 public:
  // A transferable secret key, binary and unprotected, read from the secrets folder; empty with what is wrong where it
  // could not be read: then the key is not extended, but it can be replaced.
  RnpKeyFile(std::filesystem::path secrets_folder, Secret secret_key, std::string trouble)
      : folder_(std::move(secrets_folder)), secret_key_(std::move(secret_key)), trouble_(std::move(trouble)) {}

  std::string place() const override;
  Result<gate::GatedCertificate> extend(const gate::GatedCertificate& certificate,
                                        const std::optional<Instant>& expires_at, Instant now) override;
  Result<gate::GatedCertificate> refresh() override;
  Result<std::string> replace(std::string_view user_id, Instant now,
                              const std::function<Status(const gate::GatedCertificate&)>& commit) override;

 private:
  std::filesystem::path folder_;
  Secret secret_key_;
  std::string trouble_;
};

}  // namespace countersign::auth::openpgp::rnp
