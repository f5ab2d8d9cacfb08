// Who the server is: its name, the id of its store, how often that was restored, its certificates now and before, and
// the proof at start that the secret key in its files is the one that its certificate promises.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/openpgp/openpgp.hpp"
#include "auth/records/succession.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/hash.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::records {

struct ServerCertificate {
  Fingerprint fingerprint;
  std::string armored;
  Instant since{};
  std::optional<Instant> until;  // set once another took over
  // By this key, of the one that took over; empty where there is none: then nobody is led from here to there.
  std::string succession{};            // the statement
  std::string succession_signature{};  // armored
};

// Immutable once loaded; any thread. Kept as the sealed record `server/identity`, version 3; version 1 knew no
// successions, version 2 no restores.
class ServerIdentity {
 public:
  // A succession that cannot be read counts for none.
  ServerIdentity(std::string name, Bytes store_id, std::vector<ServerCertificate> certificates,
                 std::int64_t restores = 0);

  // malformed_name: 1 to 200 bytes of printable UTF-8 in NFC without blanks, for it stands in a line of every statement
  // and is compared byte for byte; and without quotes and backslashes, for it stands in the settings.
  static Status check_name(std::string_view name);

  const std::string& name() const { return name_; }
  const Fingerprint& fingerprint() const { return certificates_.front().fingerprint; }
  const std::string& certificate_armored() const { return certificates_.front().armored; }
  // The present one first, then the former ones, newest first.
  const std::vector<ServerCertificate>& certificates() const { return certificates_; }
  // Present or former.
  bool has_key(const Fingerprint& fingerprint) const;
  // The former certificates that a client may still be led from at `now`, newest first: each with a succession to the
  // one before it, up to the first that has none or whose time is over.
  std::vector<ServerCertificate> followed_at(Instant now) const;
  // The same, as every message that the server signs carries them (SealRequest).
  std::vector<Bytes> successions_at(Instant now) const;
  // The certificate of a present or former key, armored; a null pointer for any other.
  const std::string* certificate_of(const Fingerprint& fingerprint) const;
  // Which store it is, for as long as there is one: SHA-256(store id ‖ 0x00 ‖ name).
  const Digest& store() const { return store_; }
  // How often the store went back to an older state with an administrator's consent. Whatever was given out before,
  // sessions and challenges, is void.
  std::int64_t restores() const { return restores_; }
  // Sealed into every challenge: context_of().
  const Digest& context() const { return context_; }

  // The same server with another certificate of its present key.
  ServerIdentity with_certificate(std::string armored) const;
  // With another key, from `now` on. `succession` and its signature may be empty.
  ServerIdentity with_key(const openpgp::gate::GatedCertificate& certificate, std::string succession,
                          std::string signature, Instant now) const;
  // The same server after another restore.
  ServerIdentity with_restores(std::int64_t restores) const;
  // Of the record that it was loaded from; nothing where it was not.
  const std::optional<storage::Version>& version() const { return version_; }

  void stage(storage::Batch& batch, const secrets::RecordSeal& seal) const;
  // The same, requiring that the record is still the one that `before` was loaded from.
  void stage_over(storage::Batch& batch, const secrets::RecordSeal& seal, const ServerIdentity& before) const;
  // startup_refused where the record is absent, does not hold, or does not carry the configured name and, as its
  // present key or a former one, the configured fingerprint: the settings may lag behind a replacement, and the record
  // is under a MAC.
  static Result<ServerIdentity> load(storage::Medium& medium, const secrets::RecordSeal& seal,
                                     std::string_view configured_name, const Fingerprint& configured_fingerprint);
  // The same of a record's bytes, whatever keys it carries.
  static Result<ServerIdentity> open(ByteView record, const secrets::RecordSeal& seal,
                                     std::string_view configured_name);
  // startup_refused where neither the present key nor a former one is the configured one.
  Status judge_configured(const Fingerprint& configured) const;

  // What the engine reads in the present certificate.
  Result<openpgp::CertificateFacts> inspect(openpgp::OpenPgp& engine, Instant now) const;
  // Signs with the engine's secret key and accepts the signature by the certificate. What engine, gate and acceptance
  // fail with.
  Status test_signing(openpgp::OpenPgp& engine, Instant now) const;
  // The same; startup_refused where that fails.
  Status self_test(openpgp::OpenPgp& engine, Instant now) const;

 private:
  std::string name_;
  Bytes store_id_;
  std::vector<ServerCertificate> certificates_;
  std::vector<Bytes> packed_;  // the successions of the former ones, as long as they are in a row
  std::int64_t restores_;
  Digest store_;
  Digest context_;
  std::optional<storage::Version> version_;
};

inline constexpr std::string_view kIdentityName = "server/identity";
// The version of the identity record as it is now. Fails as Medium::read does.
Result<storage::Version> identity_version(storage::Medium& medium);

}  // namespace countersign::auth::records
