// Proving: does this response answer a challenge of ours, for this purpose, signed by the key that was asked?
//
// The order is the protocol's: the challenge opens, is of this store and server, has not expired, has exactly this
// purpose, came back by a way it may; then whoever calls judges the account; then the signature is judged over our own
// statement.
#pragma once

#include <string>

#include "auth/challenges/sealed_challenge.hpp"
#include "auth/context.hpp"
#include "auth/openpgp/acceptance.hpp"

namespace countersign::auth {

struct Response {
  std::string challenge;  // the sealed challenge as the response names it: a hint until it opens
  std::string signature;  // armored
  openpgp::SignatureForm form = openpgp::SignatureForm::detached;
};

// Who proved it: the account as it was read, and its key's certificate.
struct Prover {
  StoredAccount stored;
  openpgp::GatedCertificate certificate;
};

// Any thread.
class Proof {
 public:
  explicit Proof(const Context& context) : context_(context) {}

  // The challenge alone. A courier's that was redeemed while it lived is let through after its expiry: importing twice
  // is importing once. challenge_*, transport_mismatch.
  Result<OpenedChallenge> open(const Response& response, Purpose purpose, const Visit& visit, const Moment& moment);

  // The signature over the statement of an opened challenge. Every failure of it is a denied proof: signature_*, key_*;
  // or openpgp_unavailable.
  Status verify(const OpenedChallenge& opened, const Response& response, const openpgp::GatedCertificate& certificate,
                const Moment& moment);

  // The account is one that may prove itself, at the sealed epoch and with the sealed key, and the signature is that
  // key's. Whether the challenge is consumed is for the caller to ask, after this. account_*, epoch_passed, conflict,
  // record_*; or as verify().
  Result<Prover> prove(const OpenedChallenge& opened, const Response& response, const Moment& moment);

 private:
  const Context& context_;
};

// consumed/<challenge tag>
std::string consumed_name(std::string_view tag);

struct Consumed {
  Instant keep_until{};
  std::string grant;  // a courier's encrypted session grant, armored; else empty
};
Json write_consumed(const Consumed& consumed);
Result<Consumed> parse_consumed(const Json& json);
Result<std::optional<Consumed>> find_consumed(const Context& context, std::string_view tag);
// Requires that nobody else consumed it.
void stage_consumed(storage::Batch& batch, const Context& context, const OpenedChallenge& opened, std::string grant);

}  // namespace countersign::auth
