// The server's key as a file of its secrets: librnp makes it and certifies with it.
#pragma once

#include <filesystem>
#include <string>

#include "auth/openpgp/key_home.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp::rnp {

class RnpKeyFile final : public KeyHome {
 public:
  // A transferable secret key, binary and unprotected, and the file that it was read from; empty with what is wrong
  // where it could not be read: then the key is not extended, but it can be replaced. A new key is a file of the
  // secrets folder.
  RnpKeyFile(std::filesystem::path secrets_folder, std::filesystem::path file, Secret secret_key, std::string trouble)
      : folder_(std::move(secrets_folder)),
        file_(std::move(file)),
        secret_key_(std::move(secret_key)),
        trouble_(std::move(trouble)) {}

  std::string place() const override;
  Result<gate::GatedCertificate> extend(const gate::GatedCertificate& certificate,
                                        const std::optional<Instant>& expires_at, Instant now) override;
  Result<gate::GatedCertificate> refresh() override;
  Result<std::string> replace(std::string_view user_id, Instant now,
                              const std::function<Status(const gate::GatedCertificate&)>& commit) override;

 private:
  std::filesystem::path folder_;
  std::filesystem::path file_;
  Secret secret_key_;
  std::string trouble_;
};

}  // namespace countersign::auth::openpgp::rnp
