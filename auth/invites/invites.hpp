// Making invites, and taking them back. Spending one is enrolment's (auth/accounts/enrolment.hpp).
//
// Each deed is one batch with its audit entry, whose detail names the invite. What takes away is written on a full disk
// too.
#pragma once

#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/keys/withdrawals.hpp"
#include "auth/records/invite.hpp"

namespace countersign::auth::invites {

inline constexpr Seconds kInviteLifetimeMin{60};
inline constexpr Seconds kInviteLifetimeMax = std::chrono::days(365);

struct NewInvite {
  std::string username;  // empty: the invited chooses
  records::Profile profile;
  Seconds lifetime{};
};

struct MadeInvite {
  records::Invite invite;
  Secret secret;  // for the invited, and kept nowhere
};

// One that was stolen, what it came to, and the one in its place.
struct StolenInvite {
  records::Invite invite;
  std::string account_deleted = {};  // the id of the account that came of it; empty: none did, or it is gone already
  MadeInvite next;
};

// A line of a list. One whose record is damaged is its id and the failure.
struct ListedInvite {
  std::string id;
  Result<records::Invite> invite;
};
struct InvitePage {
  std::vector<ListedInvite> invites;
  std::string next;  // the last id of the page; empty where nothing follows
};

// Any thread.
class Invites {
 public:
  Invites(const Context& context, keys::Withdrawals& withdrawals) : context_(context), withdrawals_(withdrawals) {}

  // malformed_message (groups, lifetime), malformed_username, account_reserved; account_exists where somebody has the
  // name.
  Result<MadeInvite> make(const NewInvite& wanted, const Visit& visit);
  // By id, whole or 8 digits of it and more: not_found; malformed_message where it is no id, or several begin so.
  Result<records::Invite> show(const std::string& typed);
  // Ids after `after`, at most `limit`.
  Result<InvitePage> list(const std::string& after, std::size_t limit);
  // A later end, for one that nobody has used. As show(); malformed_message where the end is not later; invite_spent,
  // invite_cancelled, invite_expired where the store was restored since.
  Result<records::Invite> renew(const std::string& typed, Seconds lifetime, const Visit& visit);
  // It opens nothing any more. As show(); invite_spent, invite_cancelled.
  Result<records::Invite> cancel(const std::string& typed, const Visit& visit);
  // Another than was meant had it. It opens nothing any more; the account that came of it is deleted as by an
  // administrator, so that its sessions end and its name is free for whom it was meant for; and an invite like it takes
  // its place. As show(); invite_cancelled where it was reported already; malformed_message (lifetime).
  Result<StolenInvite> report_stolen(const std::string& typed, Seconds lifetime, const Visit& visit);

 private:
  Result<records::StoredInvite> find(const std::string& typed);
  Result<MadeInvite> begin(const std::string& username, const records::Profile& profile, Seconds lifetime,
                           const Moment& moment) const;
  Result<StolenInvite> judge_stolen(const std::string& typed, Seconds lifetime, const Visit& visit);

  const Context& context_;
  keys::Withdrawals& withdrawals_;
};

}  // namespace countersign::auth::invites
