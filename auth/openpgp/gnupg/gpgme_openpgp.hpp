// The engine over GnuPG: every operation is done by gpg, in small processes of their own.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "auth/openpgp/gnupg/limits.hpp"
#include "auth/openpgp/key_reach.hpp"
#include "auth/openpgp/openpgp.hpp"

namespace countersign::auth::openpgp::gnupg {

// A server key that stays where it is: in the operator's own GnuPG home, with its agent and pinentry, and so perhaps in
// a token.
struct GnupgServerKey {
  std::string home;         // empty: GNUPGHOME or GnuPG's default
  Fingerprint fingerprint;  // of the primary key
};

struct GpgmeOptions {
  // This program (cli/main.cpp makes it a worker), or another one that answers as a worker does.
  std::filesystem::path worker_program;
  std::vector<std::string> worker_arguments = {"gnupg-worker"};
  std::size_t workers = 1;
  // Where private homes may lie, best first; empty: gnupg::run_folder_places().
  std::vector<std::filesystem::path> places;
  std::chrono::milliseconds operation_limit = kOperationLimit;
  // Of the first signature in the operator's home.
  std::chrono::milliseconds first_use_limit = kFirstUseLimit;
};

// Any thread at any time; at most as many operations at once as there are workers. An operation that takes over five
// seconds (a key pair two minutes, the first signature in the operator's home one) fails with openpgp_unavailable.
class GpgmeOpenPgp final : public OpenPgp, public KeyReach {
 public:
  // As RnpOpenPgp::open: with a transferable secret key (binary, unprotected) as the server's key, or with an empty
  // Secret. certificate_refused where the key cannot be used, openpgp_unavailable where GnuPG cannot.
  static Result<std::unique_ptr<GpgmeOpenPgp>> open(const Secret& secret_key, const GpgmeOptions& options);
  // With the key in the operator's home. openpgp_unavailable, with what to do, where it is not there.
  static Result<std::unique_ptr<GpgmeOpenPgp>> open(const GnupgServerKey& key, const GpgmeOptions& options);
  ~GpgmeOpenPgp() override;

  Result<CertificateFacts> inspect(const gate::GatedCertificate& certificate, Instant now) override;
  Result<std::string> seal(const SealRequest& request) override;
  // key_locked where a key in the operator's home needs a PIN or passphrase that was wrong, cancelled or is blocked.
  // With a key in the operator's home the time is that of this machine's clock, whatever `now` is.
  Result<std::string> sign(std::string_view text, Instant now) override;
  Result<SignatureFacts> verify(const gate::GatedCertificate& certificate, ByteView message,
                                const gate::GatedSignature& signature, Instant now) override;
  Result<GeneratedKey> generate(const KeyRequest& request) override;

  Status look() override;

  // The server's certificate; nothing without a server key.
  const gate::GatedCertificate* server_certificate() const;
  // For tests: the workers' process ids, and the folder of their homes.
  std::vector<int> worker_pids() const;
  const std::filesystem::path& run_folder() const;

 private:
  class Impl;
  explicit GpgmeOpenPgp(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace countersign::auth::openpgp::gnupg
