// Decoys: what a challenge for nobody is encrypted to, so that a stranger cannot tell who has an account.
//
// A pool of certificates, whose secret keys were thrown away, one for each algorithm in use, and 32 slots shared out
// among the algorithms as the accounts are. An account id picks its slot by a keyed hash, so the same name always gets
// the same answer. A revoked or deleted account keeps its last algorithm. Kept as the sealed record `server/decoys`.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "auth/openpgp/openpgp.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::proving {

struct Decoy {
  openpgp::gate::GatedCertificate certificate;
  Fingerprint encryption_key;
};

// Any thread.
class Decoys {
 public:
  static constexpr std::size_t kSlots = 32;

  Decoys(storage::Medium& medium, const secrets::RecordSeal& seal, const secrets::SecretKey& decoy_key,
         openpgp::OpenPgp& engine)
      : medium_(medium), seal_(seal), decoy_key_(decoy_key), engine_(engine) {}

  // Reads the pool. Call it before choose(). startup_refused where there is none or it does not hold.
  Status load(Instant now);
  // The decoy of an account id, of `algorithm` where that is one of the pool.
  Decoy choose(std::string_view account_id, std::string_view algorithm) const;
  // Shares the slots out anew, as few of them as need be, makes what certificates are missing, commits and loads. How
  // many active accounts use each encryption algorithm is the caller's to count; an algorithm that none uses any more
  // is there with zero, and gets a certificate without a slot.
  Status rebalance(const std::map<std::string, std::size_t>& accounts_by_algorithm, Instant now);

 private:
  struct Pool {
    std::vector<std::string> slots;  // algorithm of each
    std::map<std::string, Decoy> decoys;
  };
  Result<std::shared_ptr<const Pool>> parse(const Json& json, Instant now) const;

  storage::Medium& medium_;
  const secrets::RecordSeal& seal_;
  const secrets::SecretKey& decoy_key_;
  openpgp::OpenPgp& engine_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Pool> pool_;
};

// Pure: which algorithm each slot has after the mix changed; slots keep theirs where the mix allows.
std::vector<std::string> share_slots(std::vector<std::string> slots, const std::map<std::string, std::size_t>& mix,
                                     std::size_t count);

}  // namespace countersign::auth::proving
