// Changing the server's own key: what an administrator does, with commands, beside running servers.
//
// One commit makes the change: the identity record names the certificate, and the secrets hold no more than the secret
// itself. Whatever stops before it left the old state, whatever stops after it the new one. A running server reads the
// record about once a second and takes over what it finds (cli/store.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/openpgp/key_home.hpp"

namespace countersign::auth::upkeep {

inline constexpr Seconds kOverlapDefault = std::chrono::days(90);

struct KeyReplacement {
  // How long clients that know the former key are led to the new one; a second to kSuccessionLifetimeMax. Nothing: they
  // are not, since the former key is lost or in other hands.
  std::optional<Seconds> overlap;
};

struct ServerKeyView {
  openpgp::CertificateFacts facts;
  std::string place;  // of the secret key; empty where this process does not know it
  records::ServerIdentity identity;
  Instant now{};       // when it was looked at
  std::string remark;  // what an administrator should still do; mostly empty
};

// Any thread.
class KeyUpkeep {
 public:
  // `home` may be null: then the key cannot be changed from here.
  KeyUpkeep(const Context& context, openpgp::KeyHome* home) : context_(context), home_(home) {}

  // As the record says now.
  Result<ServerKeyView> show();
  // New self-signatures on the same key and its subkeys. malformed_message for an end that is not in the future; fails
  // as KeyHome::extend does; conflict where the record changed meanwhile.
  Result<ServerKeyView> extend(const std::optional<Instant>& expires_at, const Visit& visit);
  // Takes over what another program made of the key (KeyHome::refresh).
  Result<ServerKeyView> refresh(const Visit& visit);
  // A new key in place of the present one, which signs a succession to it unless it is not to. malformed_message for an
  // overlap out of its range; key_expired where the present key would have to sign and has ended (extend it first);
  // fails as KeyHome::replace does.
  Result<ServerKeyView> replace(const KeyReplacement& request, const Visit& visit);

 private:
  Status commit_next(const openpgp::gate::GatedCertificate& certificate, const KeyReplacement& request,
                     const Visit& visit, Instant now);
  Result<ServerKeyView> commit_certificate(const records::ServerIdentity& identity,
                                           const openpgp::gate::GatedCertificate& certificate,
                                           const std::string& detail, const Visit& visit, Instant now);
  Result<ServerKeyView> view_of(records::ServerIdentity identity, Instant now);

  const Context& context_;
  openpgp::KeyHome* const home_;
};

}  // namespace countersign::auth::upkeep
