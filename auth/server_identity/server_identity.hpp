// Who the server is: its name, the id of its store, its certificates now and before, and the proof at start that the
// secret key in its files is the one that its certificate promises.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/openpgp/openpgp.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/hash.hpp"
#include "storage/medium.hpp"

namespace countersign::auth {

struct ServerCertificate {
  openpgp::Fingerprint fingerprint;
  std::string armored;
  Instant since{};
  std::optional<Instant> until;  // set once another took over
};

// Immutable once loaded; any thread. Kept as the sealed record `server/identity`.
class ServerIdentity {
 public:
  ServerIdentity(std::string name, Bytes store_id, std::vector<ServerCertificate> certificates);

  // malformed_name: 1 to 200 bytes of printable UTF-8 without blanks, for it stands in a line of every statement.
  static Status check_name(std::string_view name);

  const std::string& name() const { return name_; }
  const openpgp::Fingerprint& fingerprint() const { return certificates_.front().fingerprint; }
  const std::string& certificate_armored() const { return certificates_.front().armored; }
  // Present or former.
  bool has_key(const openpgp::Fingerprint& fingerprint) const;
  // The certificate of a present or former key, armored; a null pointer for any other.
  const std::string* certificate_of(const openpgp::Fingerprint& fingerprint) const;
  // Sealed into every challenge: SHA-256(store id ‖ 0x00 ‖ name).
  const Digest& context() const { return context_; }

  void stage(storage::Batch& batch, const RecordSeal& seal) const;
  // startup_refused where the record is absent, does not hold, or does not carry the configured name and fingerprint.
  static Result<ServerIdentity> load(storage::Medium& medium, const RecordSeal& seal, std::string_view configured_name,
                                     const openpgp::Fingerprint& configured_fingerprint);

  // Signs with the engine's secret key and accepts the signature by the certificate; startup_refused where that fails.
  Status self_test(openpgp::OpenPgp& engine, Instant now) const;

 private:
  std::string name_;
  Bytes store_id_;
  std::vector<ServerCertificate> certificates_;  // the present one first
  Digest context_;
};

}  // namespace countersign::auth
