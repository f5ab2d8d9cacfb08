#include "tests/support/store_check.hpp"

#include <set>

#include "auth/keys/withdrawals.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/passwords/phc_string.hpp"
#include "auth/policies.hpp"
#include "auth/records/consumed.hpp"
#include "auth/records/session.hpp"
#include "storage/base/hash.hpp"

namespace countersign::test {

using namespace auth;

namespace {

using Contents = std::map<std::string, std::string>;

class StoreCheck {
 public:
  StoreCheck(storage::Medium& medium, House& house)
      : contents_(contents_of(medium)), accounts_(medium, house.seal()), seal_(house.seal()), now_(house.clock.now()) {}

  std::vector<std::string> run() {
    find_restore();
    read_audit();
    for (const auto& [name, text] : contents_) {
      if (name.starts_with("users/")) check_account(name, text);
      if (name.starts_with("keys/")) check_key(name);
      if (name.starts_with("sessions/")) check_session(name);
      if (name.starts_with("sessions-of/")) check_pointer(name);
      if (name.starts_with("revocations/")) check_withdrawal(name);
    }
    std::size_t markers = 0;
    for (const auto& [name, text] : contents_) markers += name.starts_with("consumed/") ? 1 : 0;
    if (markers > redeemed_ || markers < redeemed_lately_) {
      fault(std::to_string(markers) + " challenges are consumed, " + std::to_string(redeemed_) + " were redeemed, " +
            std::to_string(redeemed_lately_) + " of them lately");
    }
    return faults_;
  }

 private:
  void fault(const std::string& what) { faults_.push_back(what); }

  Json open(const std::string& name) {
    const auto record = seal_.open(name, as_bytes(contents_.at(name)));
    if (!record) fault(name + ": " + outcome(record));
    return record ? *record : Json::object();
  }
  std::string text_member(const std::string& name, std::string_view member) {
    const Json record = open(name);
    const Json* value = record.find(member);
    return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
  }

  void find_restore() {
    for (const auto& [name, text] : contents_) {
      if (!name.starts_with("audit/")) continue;
      const auto record = records::open_audit_record(seal_, name, as_bytes(text));
      if (record && record->decision == "store_restored") restored_at_ = std::max(restored_at_, record->entry.at);
    }
  }

  void read_audit() {
    for (const auto& [name, text] : contents_) {
      if (!name.starts_with("audit/")) continue;
      const auto record = records::open_audit_record(seal_, name, as_bytes(text));
      if (!record) {
        fault(name + ": " + outcome(record));
        continue;
      }
      const bool by_password = record->decision == "login_by_password";
      const bool by_key = record->decision == "login_accepted" || record->decision == "login_granted";
      if ((by_key || by_password) && !logged_in_.insert(record->entry.session).second) fault(name + ": a login twice");
      const bool changed_by_key = record->decision == "password_changed" && !record->entry.key.empty();
      const bool by_statement = (record->decision == "account_revoked" || record->decision == "key_rotated") &&
                                record->entry.detail.ends_with(" by statement");
      if (!by_key && !changed_by_key && !by_statement && record->decision != "account_enrolled") continue;
      ++redeemed_;
      const bool lately = now_ - record->entry.at < records::kConsumedKeptAfterExpiry;
      redeemed_lately_ += lately && record->entry.at > restored_at_ ? 1 : 0;
    }
  }

  void check_account(const std::string& name, const std::string& text) {
    const std::string id = name.substr(6, 64);
    if (!name.ends_with(".account")) {
      if (!contents_.contains(records::account_name(id))) fault(name + " stands without its account");
      return;
    }
    const auto stored = accounts_.find(id);
    if (!stored || !*stored) return fault(name + ": " + outcome(stored));
    for (const records::AccountPart part : records::kAccountParts) {
      const auto bytes = accounts_.read_part(**stored, part);
      if (!bytes) fault(part_name(id, part) + ": " + outcome(bytes));
      if (bytes && !*bytes && contents_.contains(part_name(id, part))) fault(part_name(id, part) + " is not sealed");
    }
    const bool revoked = (*stored)->account.state == records::AccountState::revoked;
    if (revoked != (*stored)->account.parts.contains(records::AccountPart::revocation))
      fault(name + ": state and record differ");
    if ((*stored)->account.state == records::AccountState::deleted) {
      if (contents_.contains(records::seen_name(id)) || !(*stored)->account.parts.empty())
        fault(name + " is no bare tombstone");
      return;
    }
    const auto certificate = accounts_.certificate_of(**stored);
    if (!certificate) fault(name + ": its certificate: " + outcome(certificate));
    const auto holder = accounts_.holder_of((*stored)->account.fingerprint);
    if (!holder || *holder != id) fault(name + ": its key is not its own");
    if (text.empty()) fault(name + " is empty");
    for (const records::AccountPart part : records::kAccountParts) {
      const auto bytes = accounts_.read_part(**stored, part);
      if (!bytes) {
        fault(name + ": " + part_name(id, part) + ": " + outcome(bytes));
      } else if (!*bytes && contents_.contains(part_name(id, part))) {
        fault(part_name(id, part) + " is sealed by nothing");
      }
      if (bytes && *bytes && part == records::AccountPart::password && !passwords::parse_phc_string(as_text(**bytes))) {
        fault(part_name(id, part) + " is no password hash");
      }
      if (bytes && *bytes && part == records::AccountPart::escrowed_key)
        check_escrow(name, (*stored)->account, as_text(**bytes));
    }
  }

  void check_escrow(const std::string& name, const records::Account& account, std::string_view armored) {
    const auto packets = openpgp::gate::dearmor("PGP PRIVATE KEY BLOCK", armored);
    const auto key =
        packets ? openpgp::gate::fingerprint_of_secret_key(*packets) : tl::unexpected<Error>(packets.error());
    if (!account.managed || !key || *key != account.fingerprint) fault(name + ": its escrowed key is not its own");
  }

  void check_key(const std::string& name) {
    const std::string id = text_member(name, "account");
    const auto stored = accounts_.find(id);
    if (!stored || !*stored) return fault(name + " leads to no account");
    const records::Account& account = (*stored)->account;
    bool known = account.fingerprint.lower() == name.substr(5);
    for (const records::FormerKey& key : account.former_keys)
      known = known || key.fingerprint.lower() == name.substr(5);
    if (!known) fault(name + " leads to an account that never had it");
  }

  // No number is missing, and no account is behind what was taken from it.
  void check_withdrawal(const std::string& name) {
    const auto line = records::parse_withdrawal(open(name));
    if (!line) return fault(name + ": " + outcome(line));
    if (records::withdrawal_name(line->number) != name || line->number != ++withdrawals_)
      fault(name + " is out of order");
    if (line->what == records::Withdrawn::lost) return;
    const auto stored = accounts_.find(line->account);
    if (!stored || !*stored) return fault(name + " speaks of no account");
    if ((*stored)->account.epoch < line->epoch) fault(name + ": its account is behind it");
  }

  void check_session(const std::string& name) {
    const auto session = records::parse_session(open(name));
    if (!session) return fault(name + ": " + outcome(session));
    if (!logged_in_.contains(session->id)) fault(name + " was opened by no login on record");
    const std::string pointer = records::pointer_name(session->account, session->id);
    const bool pointed_at = contents_.contains(pointer) && text_member(pointer, "record") == name;
    if (pointed_at == session->replaced_at.has_value()) fault(name + ": pointed at and replaced, or neither");
  }

  void check_pointer(const std::string& name) {
    if (!contents_.contains(text_member(name, "record"))) fault(name + " leads nowhere");
  }

  const Contents contents_;
  records::Accounts accounts_;
  const secrets::RecordSeal& seal_;
  const Instant now_;
  Instant restored_at_{};  // with what was consumed before
  std::set<std::string> logged_in_;
  std::int64_t withdrawals_ = 0;
  std::size_t redeemed_ = 0;
  std::size_t redeemed_lately_ = 0;  // whose markers cannot have been swept yet
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> faults_of_store(storage::Medium& medium, House& house) {
  std::vector<std::string> faults = StoreCheck(medium, house).run();
  const auto report = must(house.another(medium, "checker"))->roles().audit.verify({});
  if (!report) {
    faults.push_back("audit: " + outcome(report));
  } else {
    faults.insert(faults.end(), report->faults.begin(), report->faults.end());
  }
  return faults;
}

}  // namespace countersign::test
