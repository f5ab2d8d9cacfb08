#include "auth/accounts/profiles.hpp"

#include <algorithm>

#include "auth/base/account_id.hpp"

namespace countersign::auth::accounts {
namespace {

bool has_group(const records::Profile& profile, const std::string& group) {
  return std::find(profile.groups.begin(), profile.groups.end(), group) != profile.groups.end();
}

// The groups of one that the other has not, each behind a sign.
std::string groups_only_in(const records::Profile& one, const records::Profile& other, char sign) {
  std::string out;
  for (const std::string& group : one.groups) {
    if (!has_group(other, group)) out += std::string(" ") + sign + group;
  }
  return out;
}

}  // namespace

Result<records::Profile> changed_profile(records::Profile profile, const ProfileChange& change) {
  if (change.groups) profile.groups = *change.groups;
  if (change.email) profile.email = *change.email;
  if (change.display_name) profile.display_name = *change.display_name;
  TRY(records::check_profile(profile));
  return profile;
}

std::string describe_change(const records::Profile& before, const records::Profile& after) {
  std::string out;
  const auto add = [&](std::string_view what) { out.append(out.empty() ? "" : ", ").append(what); };
  if (before.groups != after.groups) {
    const std::string groups = groups_only_in(after, before, '+') + groups_only_in(before, after, '-');
    add("groups" + (groups.empty() ? " in another order" : groups));
  }
  if (before.email != after.email) add(after.email.empty() ? "no email" : "email");
  if (before.display_name != after.display_name) add(after.display_name.empty() ? "no name" : "name");
  return out;
}

Result<records::Account> change_profile(const Context& context, const std::string& account, const ProfileChange& change,
                                        const Visit& visit) {
  if (account == account_id_of(kReservedUsername)) {
    return fail(ErrorCode::account_reserved, "the account of the name 'server' is the server's own");
  }
  return until_settled([&]() -> Result<records::Account> {
    const auto stored = TRY(context.accounts.find(account));
    if (!stored) return fail(ErrorCode::not_found, "no such account");
    if (stored->account.state == records::AccountState::deleted) return fail(ErrorCode::account_not_active, "deleted");
    records::Account changed = stored->account;
    changed.profile = TRY(changed_profile(changed.profile, change));
    const std::string what = describe_change(stored->account.profile, changed.profile);
    if (what.empty()) return changed;
    storage::Batch batch;
    context.accounts.stage_change(batch, *stored, changed);
    const records::AuditEntry entry{records::Decision::profile_changed, context.timekeeper.now().wall, changed.id,
                                    changed.fingerprint.upper(), "", visit.source, what};
    // The room that is kept for a full disk is for what takes rights away, and a name takes none.
    const bool takes_away = !groups_only_in(stored->account.profile, changed.profile, '-').empty();
    TRY(takes_away ? commit_urgently(context, batch, entry) : context.audit.commit(batch, entry));
    return changed;
  });
}

}  // namespace countersign::auth::accounts
