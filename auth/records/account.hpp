// The account record: the server's own word on an account, and the seal over its other records.
//
// `users/<id>.account` is a sealed record (auth/secrets/record_seal.hpp). It says the state, the epoch and the key, and
// holds the SHA-256 of each other record of the account, so that none can be swapped, dropped or brought back alone.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/base/fingerprint.hpp"
#include "auth/records/profile.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"
#include "storage/batch.hpp"

namespace countersign::auth::records {

enum class AccountState : std::uint8_t { active, revoked, deleted };

std::string_view name_of(AccountState state);
std::optional<AccountState> account_state_named(std::string_view name);

struct FormerKey {
  Fingerprint fingerprint;
  Instant from{};
  Instant until{};
  std::string reason;
};

// The other records of an account, each under `users/<id>.` and its ending; the account record holds their hashes.
enum class AccountPart : std::uint8_t {
  certificate,      // pub    armored
  escrowed_key,     // key    armored secret key, as its owner protected it
  revocation,       // rev    revocation record
  metadata,         // json   encrypted to the account's key
  password,         // hash   PHC string
  legacy_password,  // lthn   64 hex digits
};
inline constexpr std::array kAccountParts = {AccountPart::certificate, AccountPart::escrowed_key,
                                             AccountPart::revocation,  AccountPart::metadata,
                                             AccountPart::password,    AccountPart::legacy_password};

// Which of the two password records holds. The account record says so, not which file happens to be there.
enum class PasswordScheme : std::uint8_t { none, argon2id, lthn };
std::string_view name_of(PasswordScheme scheme);

struct Account {
  std::string id;
  std::string username;  // empty until known
  AccountState state = AccountState::active;
  // The account's clock: whatever takes rights away raises it, and it never falls. Challenges and sessions of an
  // earlier epoch are dead.
  std::uint64_t epoch = 0;
  Fingerprint fingerprint;
  Instant key_since{};
  std::string encryption_algorithm;  // of KeyFacts; decides the decoy once the account is gone
  bool show_key_id = false;          // for programs that cannot try their keys
  // The key was made by the server and handed over, protected by the account's password, which may therefore change it.
  // Whoever gives the account a key of their own ends that.
  bool managed = false;
  Profile profile;
  std::vector<FormerKey> former_keys;
  Instant created_at{};
  // What of its other records is to be there, with the SHA-256 of each, hex. A part that is not named here does not
  // count, whatever lies under its name.
  std::map<AccountPart, std::string> parts;
  std::string pepper_key;  // the record key that the password's pepper comes from; empty: none
};

// A longer history drops its oldest; the audit record has it all.
inline constexpr std::size_t kFormerKeysMax = 1000;
void note_former_key(Account& account, FormerKey key);

// Pure, of what the record seals. Never both: parse_account() refuses that.
PasswordScheme password_scheme_of(const Account& account);

// The version the record was read at travels with it, so that a batch can require it.
struct StoredAccount {
  Account account;
  storage::Version version;
};

Json write_account(const Account& account);
// record_unreadable.
Result<Account> parse_account(const Json& json);

std::string account_name(std::string_view id);  // users/<id>.account
// The id in such a name; nothing where it is another's.
std::optional<std::string> account_named_in(std::string_view name);
std::string part_name(std::string_view id, AccountPart part);  // users/<id>.pub, .key, ...
bool is_part_name(std::string_view name);
std::string seen_name(std::string_view id);             // users/<id>.seen
std::string key_name(const Fingerprint& fingerprint);   // keys/<fingerprint>
std::string held_name(const Fingerprint& fingerprint);  // held/<fingerprint>

// The id of the record key that the pepper of an account's password is from, read from its record's bytes alone;
// nothing where the name is no account record's, or there is no pepper. Whether the MAC holds is another question.
std::optional<std::string> pepper_key_named_in(std::string_view name, ByteView bytes);

// Pure: is the account one that may prove itself, at the epoch that was sealed? account_not_active, epoch_passed.
Status judge_account(const Account& account, std::uint64_t epoch);

}  // namespace countersign::auth::records
