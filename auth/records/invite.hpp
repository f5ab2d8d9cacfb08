// An invite: who holds its secret may enrol one key of their own, once, until it ends.
//
// Kept as the sealed record `invites/<id>`. The id is the first 16 bytes of SHA-256("countersign invite v1" ‖ secret)
// in hex: who shows the secret finds the record in one place, nothing is compared, and the secret stands nowhere on the
// medium. The secret is `ci_` and 43 base64url characters (32 random bytes), shown once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/base/rng.hpp"
#include "auth/records/profile.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/json.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"
#include "storage/base/time.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::records {

inline constexpr std::string_view kInvitePrefix = "ci_";
inline constexpr std::size_t kInviteIdDigits = 32;
// What names begin with.
inline constexpr std::string_view kInvites = "invites/";
// What has ended is remembered so long, so that an operator can say what became of it.
inline constexpr Seconds kInviteKeptAfterEnd = std::chrono::days(30);

// As it is kept; that an invite has expired is judged by time. Append only: the name is the spelling in the record.
enum class InviteState : std::uint8_t { pending, used, cancelled, stolen };

// What a state means. One row a state, in their order.
struct InviteStateRow {
  InviteState state;
  std::string_view name;
  bool opens;         // to who shows the secret
  ErrorCode refusal;  // where it does not
};
const InviteStateRow& row_of(InviteState state);
std::string_view name_of(InviteState state);
std::optional<InviteState> invite_state_named(std::string_view name);

struct Invite {
  std::string id;        // 32 lower-case hex digits; public
  std::string username;  // empty: the invited chooses
  Profile profile;       // of the account that comes of it
  Instant made_at{};
  Instant expires_at{};
  InviteState state = InviteState::pending;
  std::string account = {};              // the id of the account that came of it, once used
  std::optional<Instant> ended_at = {};  // by use, cancelling or theft
  // How often the store had been restored when it was made. After another restore it opens nothing: it may have been
  // used after the backup.
  std::int64_t restores = 0;
};

// The version that the record was read at travels with it, so that a batch can require it.
struct StoredInvite {
  Invite invite;
  storage::Version version;
};

Result<Secret> make_invite_secret(Rng& rng);
// invite_unknown where the text has not the form of such a secret.
Result<std::string> invite_id_of(const Secret& secret);
// 32 lower-case hex digits; malformed_message. Ask before an id becomes part of a name.
Status check_invite_id(std::string_view id);
std::string invite_name(std::string_view id);  // invites/<id>
// The id in such a name; nothing where it is another's.
std::optional<std::string> invite_named_in(std::string_view name);

Json write_invite(const Invite& invite);
Result<Invite> parse_invite(const Json& json);  // record_unreadable
// Nothing where there is none of that id. As find_record().
Result<std::optional<StoredInvite>> find_invite(storage::Medium& medium, const secrets::RecordSeal& seal,
                                                std::string_view id);
// A new one, whose id nobody had.
void stage_new_invite(storage::Batch& batch, const secrets::RecordSeal& seal, const Invite& invite);
// A changed one over the version that it was read at.
void stage_invite(storage::Batch& batch, const secrets::RecordSeal& seal, const StoredInvite& over,
                  const Invite& invite);

// Pure: does it let somebody of this username in? `restores` is of the store now. invite_spent, invite_cancelled,
// invite_expired, invite_for_another.
Status judge_invite(const Invite& invite, std::string_view username, std::int64_t restores, Instant now);
// Pure: can it still be used by anybody? As above.
Status judge_open_invite(const Invite& invite, std::int64_t restores, Instant now);
// Pure: what a person is told of its state: its name, `expired`, or `void` where the store was restored since.
std::string_view shown_state(const Invite& invite, std::int64_t restores, Instant now);
// When it ended, or ends.
Instant end_of(const Invite& invite);

}  // namespace countersign::auth::records
