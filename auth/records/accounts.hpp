// Finding accounts and their certificates; nothing is decided here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/openpgp/gate/packet_gate.hpp"
#include "auth/records/account.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::records {

// How a caller names an account: by username or by id, exactly one.
struct AccountName {
  std::string username;
  std::string account;
};
// The id that is meant. malformed_username, malformed_account_id, malformed_message (both or neither).
Result<std::string> resolve(const AccountName& name);

struct AccountView {
  Account account;
  std::optional<Instant> last_login;
};

// Any thread.
class Accounts {
 public:
  Accounts(storage::Medium& medium, const secrets::RecordSeal& seal);

  // Nothing where there is no such account. Fails as Medium::read and RecordSeal::open do.
  Result<std::optional<StoredAccount>> find(std::string_view id);
  // For whoever may know of every account. not_found.
  Result<AccountView> show(std::string_view id);
  // conflict where the account is no longer as it was read: what was read after it does not belong to it.
  Status judge_unmoved(const StoredAccount& stored);
  // A part as the account record seals it; nothing where the record names none. record_tampered where they disagree at
  // one version of the account, conflict where the account changed meanwhile.
  Result<std::optional<Bytes>> read_part(const StoredAccount& stored, AccountPart part);
  // The certificate likewise, admitted; record_unreadable.
  Result<openpgp::gate::GatedCertificate> certificate_of(const StoredAccount& stored);
  // What a stranger's question about an account reads is its record, its standing (auth/records/standing.hpp) and one
  // part. Where the answer is a denial after less, the rest is done for the time it takes alone (S28): `denial` says
  // how far it came. As Medium::read.
  Status read_in_vain(std::string_view id, ErrorCode denial, AccountPart part);
  // Ids after `after`, at most `limit`; to go on, pass the last one.
  Result<std::vector<std::string>> list(std::string_view after, std::size_t limit);
  // Which account holds a key; empty where none does.
  Result<std::string> holder_of(const Fingerprint& fingerprint);
  Result<std::optional<Instant>> last_login(std::string_view id);

  // Stage a whole account: record, certificate, key. The caller adds what must hold of the account's name; the key must
  // be nobody's.
  void stage_new(storage::Batch& batch, Account account, const openpgp::gate::GatedCertificate& certificate);
  // Stage a key that is nobody's yet: its record and the certificate, noted in `account`.
  void stage_key(storage::Batch& batch, Account& account, const openpgp::gate::GatedCertificate& certificate);
  // Stage a part, or its end, and note it in `account`: stage the account record after its parts.
  void stage_part(storage::Batch& batch, Account& account, AccountPart part, ByteView bytes);
  void stage_no_part(storage::Batch& batch, Account& account, AccountPart part);
  // An account that was taken over has no name until its owner's login brings one. Notes it in `account` where it is
  // the account's and was not known, and ends the metadata, which does not say it: complete_metadata() makes it anew.
  // False where nothing was learnt.
  bool stage_username(storage::Batch& batch, Account& account, std::string_view username);
  // Stage a changed record over the version it was read at.
  void stage_change(storage::Batch& batch, const StoredAccount& over, const Account& account);
  // Stage the end of all records but the account record, which `account` becomes: what is left of a deleted one.
  void stage_tombstone(storage::Batch& batch, Account& account, Instant at);
  void stage_seen(storage::Batch& batch, std::string_view id, Instant at);

 private:
  storage::Medium& medium_;
  const secrets::RecordSeal& seal_;
  const Bytes nobody_;  // a record like any, of no account
};

}  // namespace countersign::auth::records
