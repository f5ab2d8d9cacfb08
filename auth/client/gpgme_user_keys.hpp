// The user's keys in their own GnuPG: their home folder, agent, pinentry and smart card, through GPGME.
#pragma once

#include <memory>
#include <string>

#include "auth/client/user_keys.hpp"

namespace countersign::auth::client {

class GpgmeUserKeys final : public UserKeys {
 public:
  // `home` is GnuPG's home folder; empty: GNUPGHOME or its default. gnupg_failed where GnuPG is not installed or the
  // home is not there.
  static Result<std::unique_ptr<GpgmeUserKeys>> open_home(const std::string& home);
  ~GpgmeUserKeys() override;

  Result<Secret> open(std::string_view message) override;
  Result<std::string> clear_sign(std::string_view text, const Fingerprint& key) override;
  Result<std::string> certificate(const Fingerprint& key) override;
  std::string words_on_signing() const override;

 private:
  Result<Secret> try_open(std::string_view message);
  Result<std::string> try_clear_sign(std::string_view text, const Fingerprint& key);

  class Impl;
  explicit GpgmeUserKeys(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::auth::client
