// Where the server's secret key lives, and what only its keeper can do to the key itself. It stands beside OpenPgp: an
// engine works with a key, a home changes it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "auth/openpgp/gate/packet_gate.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::openpgp {

// One thread at a time.
class KeyHome {
 public:
  virtual ~KeyHome() = default;

  // For an operator who looks for it: a file, or another program's home, and what is wrong with it if something is.
  virtual std::string place() const = 0;

  // The certificate with new self-signatures: the primary and every subkey that is bound and not revoked end at
  // `expires_at`, or never. Keys that have expired already are taken too. Nothing is kept, that is the caller's
  // business. key_revoked; key_policy where a key cannot end then; openpgp_unavailable where the secret key is not
  // there or cannot certify; certificate_refused.
  virtual Result<gate::GatedCertificate> extend(const gate::GatedCertificate& certificate,
                                                const std::optional<Instant>& expires_at, Instant now) = 0;

  // The certificate as its home has it now, where another program changes the key; openpgp_unavailable where none does.
  virtual Result<gate::GatedCertificate> refresh() = 0;

  // Makes a new key without an end, keeps its secret durably, calls `commit` with its certificate, and when that has
  // succeeded destroys the secret of the key before. Nobody else replaces the key meanwhile. Where `commit` fails its
  // failure is returned and both secrets are kept: a commit whose answer was lost may have been one. What could not be
  // tidied up after the commit is told in the result, empty where all is well: the key is replaced all the same.
  virtual Result<std::string> replace(std::string_view user_id, Instant now,
                                      const std::function<Status(const gate::GatedCertificate&)>& commit) = 0;
};

}  // namespace countersign::auth::openpgp
