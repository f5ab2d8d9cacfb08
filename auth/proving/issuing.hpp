// Issuing a challenge. Nothing is written: a stranger's requests cost no memory and no disk.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "auth/context.hpp"
#include "auth/proving/decoys.hpp"
#include "auth/records/statement.hpp"

namespace countersign::auth::proving {

// When a challenge begins and ends, and its random bytes: of the same account, unchanged since, it is the same one
// again.
struct ChallengeTerm {
  Instant issued_at{};
  Instant expires_at{};
  std::array<std::uint8_t, 16> random{};
};

struct ChallengeRequest {
  records::AccountName name;
  records::Purpose purpose = records::Purpose::login;
  records::Transport transport = records::Transport::http;
  std::string public_key;                   // enrol: the certificate
  std::string new_public_key;               // rotate: the next certificate
  std::string reason;                       // revoke: one of is_revocation_reason of auth/records/revocation_record.hpp
  std::string browser;                      // by browser: which one asks
  Secret invite = {};                       // enrol: the secret of the invite that is shown; empty: none
  std::optional<ChallengeTerm> again = {};  // of the challenge that is shown once more; else it begins now
};

struct IssuedChallenge {
  std::string message;  // armored
  ChallengeTerm term = {};
  std::string tag = {};  // of the sealed challenge: whoever shows it to somebody can tell whether a response answers it
};

// Any thread.
class Issuing {
 public:
  Issuing(const Context& context, Decoys& decoys) : context_(context), decoys_(decoys) {}

  // By http an account that is unknown, not active or without a usable key gets the same shape, for nobody; else it is
  // told (not_found, account_*, key_*), and so is key_taken. malformed_*, registration_closed, invite_*,
  // certificate_refused and the like for a certificate to enrol or rotate to, unavailable.
  Result<IssuedChallenge> issue(const ChallengeRequest& request, const Visit& visit);

  // Is the account one that gets a challenge now, and its key one that opens it? The refusals are those of issue()
  // where they are told.
  Status judge_account(const std::string& account);

 private:
  struct Recipient {
    openpgp::gate::GatedCertificate certificate;
    Fingerprint encryption_key;
    std::uint64_t epoch = 0;
    bool hide = true;
  };
  Result<Recipient> enrolling(const ChallengeRequest& request, const std::string& account, const Visit& visit,
                              Instant now);
  Result<Recipient> of_account(const std::string& account, Instant now);
  Result<Recipient> judge(const std::optional<records::StoredAccount>& stored, Instant now);
  Result<std::string> extra_of(const ChallengeRequest& request, Instant now);

  const Context& context_;
  Decoys& decoys_;
};

}  // namespace countersign::auth::proving
