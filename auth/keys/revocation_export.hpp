// The list of withdrawals as a file that is kept elsewhere, and applied to a store that is older than it.
//
//   countersign-revocations-v1
//   server: https://auth.example.org
//   server-key: <40 upper-case hex digits>
//   store: <64 lower-case hex digits: which store's accounts these are>
//   made: 2026-11-21T17:20:00Z
//   count: 2
//   1 <account id> <fingerprint> <epoch> revoked key_compromised 2026-11-20T08:00:00Z
//   2 <account id> <fingerprint> <epoch> rotated key_superseded 2026-11-20T09:00:00Z
//   -----BEGIN PGP SIGNATURE-----
//   ...
//
// UTF-8, one LF a line, numbers without a gap from 1; the signature is the server's, detached, over all before it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/keys/withdrawals.hpp"

namespace countersign::auth::keys {

struct RevocationExport {
  std::string server;
  Fingerprint server_key;
  std::string store;
  Instant made_at{};
  std::vector<records::Withdrawal> lines;
  std::string signature;  // armored
};

// All before the signature.
std::string write_export(const RevocationExport& list);
// malformed_message, unknown_version. Pure; the signature is not judged.
Result<RevocationExport> parse_export(std::string_view text);

struct AppliedExport {
  std::int64_t number = 0;    // the highest of the export
  std::int64_t lines = 0;     // that this store had not seen
  std::int64_t accounts = 0;  // that changed
  // Keys that lost their right and that another account has enrolled here meanwhile: for an administrator to judge.
  struct HeldKey {
    Fingerprint fingerprint;
    std::string account;
  };
  std::vector<HeldKey> keys_held_elsewhere;
};

// Any thread.
class RevocationExporting {
 public:
  RevocationExporting(const Context& context, Withdrawals& withdrawals)
      : context_(context), withdrawals_(withdrawals) {}

  // As a signed text. openpgp_unavailable, chain_broken.
  Result<std::string> make();
  // Line by line, in their order, each with what it does in one batch; so a run that ended half-way is completed by the
  // next. A line that this store has is in effect; every other one is brought into effect, whatever happened to the
  // account here since. An account that is not there becomes a tombstone. malformed_message, signature_* (not by this
  // server), file_refused (another store's, or older than what this server remembers).
  Result<AppliedExport> apply(std::string_view text, const Visit& visit);

 private:
  Result<std::vector<records::Withdrawal>> own_lines();
  Status verify(const RevocationExport& list, Instant now);
  Status apply_line(const records::Withdrawal& line, const Visit& visit, const Moment& moment, AppliedExport& applied);
  Status stage_effect(storage::Batch& batch, const records::StoredAccount& stored, records::Account& changed,
                      const records::Withdrawal& line, const Moment& moment);
  Result<bool> is_given_back(const records::StoredAccount& stored, const records::Withdrawal& line);
  Result<std::string> stage_key_taken(storage::Batch& batch, const records::Withdrawal& line);
  void stage_unknown(storage::Batch& batch, const records::Withdrawal& line);
  void stage_revoked(storage::Batch& batch, records::Account& changed, const records::Withdrawal& line,
                     const Moment& moment);

  const Context& context_;
  Withdrawals& withdrawals_;
};

}  // namespace countersign::auth::keys
