// Is this the account's password? The one place that asks, for every operation that takes one.
//
// A refusal costs one hash under some account's or the current parameters, and two of a password that did not come in
// its normal form, whatever the reason: for an account that does not exist, is revoked or deleted, has no password, a
// legacy hash, or a record that does not hold, new hashes are made and dropped (S28). Which scheme holds is what the
// account record says; a record that is there and cannot be understood denies, and never falls back to the other (S13).
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "auth/passwords/password_hashes.hpp"
#include "auth/records/accounts.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::proving {

// The account as it was when the password was right: whoever acts on it requires this version in their batch.
struct PasswordProof {
  records::StoredAccount stored;
  // To be staged in the same batch: the predecessor's hash is to go, or the hash is weaker than the policy.
  std::optional<passwords::HashedPassword> renewal;
  bool migrated = false;  // the renewal takes the place of one of the predecessor's
};

// Any thread.
class PasswordCheck {
 public:
  PasswordCheck(storage::Medium& medium, records::Accounts& accounts, passwords::PasswordHashes& hashes)
      : medium_(medium), accounts_(accounts), hashes_(hashes) {}

  // `account` is an id. account_unknown, account_not_active, password_unset, password_wrong, record_*: all `denied`
  // outside. hasher_*, secret_missing, storage_unavailable and entropy_unavailable: nothing was found out.
  Result<PasswordProof> prove(const std::string& account, const passwords::Password& password);

  struct Proven {
    records::Account account;  // as it is once the batch is committed
    std::string detail;        // what was staged besides, for the audit record; empty: nothing
  };
  // Stages what the proof stands on: the account's version; its renewal where there is one; and `username`, empty where
  // none was given, where the account had no name yet.
  Proven stage_proven(storage::Batch& batch, const PasswordProof& proof, std::string_view username);
  // Stages the hash as the account's only one and notes it in `account`; stage the account record after it. The epoch
  // is the caller's: a change of password raises it, a renewal does not.
  void stage(storage::Batch& batch, records::Account& account, const passwords::HashedPassword& hashed);
  void stage_none(storage::Batch& batch, records::Account& account);

 private:
  struct Held {
    records::StoredAccount stored;
    std::variant<passwords::PhcString, passwords::LegacyHash> hash;
  };
  Result<Held> try_look_up(const std::string& account);
  Result<Held> look_up(const std::string& account);

  storage::Medium& medium_;
  records::Accounts& accounts_;
  passwords::PasswordHashes& hashes_;
};

}  // namespace countersign::auth::proving
