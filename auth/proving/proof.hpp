// Proving: does this response answer a challenge of ours, for this purpose, signed by the key that was asked?
//
// The order is the protocol's: the challenge opens, is of this store and server, has not expired, has exactly this
// purpose, came back by a way it may; then whoever calls judges the account; then the signature is judged over our own
// statement.
#pragma once

#include <string>

#include "auth/context.hpp"
#include "auth/openpgp/acceptance.hpp"
#include "auth/records/sealed_challenge.hpp"

namespace countersign::auth::proving {

struct Response {
  std::string challenge;  // the sealed challenge as the response names it: a hint until it opens
  std::string signature;  // armored
  openpgp::SignatureForm form = openpgp::SignatureForm::detached;
};

// Who proved it: the account as it was read, and its key's certificate.
struct Prover {
  records::StoredAccount stored;
  openpgp::gate::GatedCertificate certificate;
};

// Any thread.
class Proof {
 public:
  explicit Proof(const Context& context) : context_(context) {}

  // The challenge alone. A courier's that was redeemed while it lived is let through after its expiry: importing twice
  // is importing once. challenge_*, transport_mismatch.
  Result<records::OpenedChallenge> open(const Response& response, records::Purpose purpose, const Visit& visit,
                                        const Moment& moment);

  // The signature over the statement of an opened challenge. Every failure of it is a denied proof: signature_*, key_*;
  // or openpgp_unavailable.
  Status verify(const records::OpenedChallenge& opened, const Response& response,
                const openpgp::gate::GatedCertificate& certificate, const Moment& moment);

  // The account is one that may prove itself, at the sealed epoch and with the sealed key, and the signature is that
  // key's. Whether the challenge is consumed is for the caller to ask, after this. account_*, epoch_passed, conflict,
  // record_*; or as verify().
  Result<Prover> prove(const records::OpenedChallenge& opened, const Response& response, const Moment& moment);

 private:
  const Context& context_;
};

// The account, where it may prove itself, at that epoch and with that key. account_*, epoch_passed, conflict, record_*.
Result<records::StoredAccount> find_active(const Context& context, const std::string& account, std::uint64_t epoch,
                                           const Fingerprint& key);

}  // namespace countersign::auth::proving
