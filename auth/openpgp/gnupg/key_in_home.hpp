// The server's key in a GnuPG home, perhaps in a token: GnuPG changes it, and what it made of it is taken over.
#pragma once

#include <string>
#include <utility>

#include "auth/openpgp/key_home.hpp"

namespace countersign::auth::openpgp::gnupg {

class KeyInGnupgHome final : public KeyHome {
 public:
  // `certificate` as the home has it, armored.
  KeyInGnupgHome(std::string home, std::string certificate)
      : home_(std::move(home)), certificate_(std::move(certificate)) {}

  std::string place() const override { return "the GnuPG home " + home_; }
  // Fails with the commands that do it.
  Result<gate::GatedCertificate> extend(const gate::GatedCertificate& certificate,
                                        const std::optional<Instant>& expires_at, Instant) override {
    const std::string gpg = "gpg --homedir '" + home_ + "' --quick-set-expire " + certificate.fingerprint().upper() +
                            (expires_at ? " " + format_time(*expires_at).substr(0, kDateDigits) : " never");
    return fail(ErrorCode::usage, "the key lives in a GnuPG home; run:\n  " + gpg + "\n  " + gpg +
                                      " '*'\n  countersign server-key refresh");
  }
  Result<gate::GatedCertificate> refresh() override {
    return gate::admit_certificate(certificate_, gate::kCertificateReadBytesMax);
  }
  Result<std::string> replace(std::string_view, Instant,
                              const std::function<Status(const gate::GatedCertificate&)>&) override {
    return fail(ErrorCode::usage, "the key lives in " + place() +
                                      ", and only a key in a file is replaced; `server-key extend` says how it is "
                                      "made to end later");
  }

 private:
  static constexpr std::size_t kDateDigits = 10;  // of "2027-06-01T00:00:00Z"

  std::string home_;
  std::string certificate_;
};

}  // namespace countersign::auth::openpgp::gnupg
