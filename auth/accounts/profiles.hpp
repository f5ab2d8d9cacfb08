// Changing what is said of an account beside its key: its groups, its email address, its owner's name.
//
// Sessions go on, and the next check of one is answered with the new profile. Leaving a group takes rights away, so it
// is written on a full disk too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/context.hpp"

namespace countersign::auth::accounts {

// What is not given stays as it is; what is empty is taken away.
struct ProfileChange {
  std::optional<std::vector<std::string>> groups;
  std::optional<std::string> email;
  std::optional<std::string> display_name;
};

// Pure: the profile as it is then. malformed_message where it is none that check_profile() lets through.
Result<records::Profile> changed_profile(records::Profile profile, const ProfileChange& change);

// Pure: what changed, for the record of decisions: `groups +ops -staff, email, name`. Which email address and which
// name is said there no more than is needed, since that record outlives the account; empty where nothing changed.
std::string describe_change(const records::Profile& before, const records::Profile& after);

// By an administrator, in one batch; where nothing changes, nothing is written. not_found; account_not_active where it
// is deleted; account_reserved; malformed_message.
Result<records::Account> change_profile(const Context& context, const std::string& account, const ProfileChange& change,
                                        const Visit& visit);

}  // namespace countersign::auth::accounts
