// Ids as people type them: the first digits of one, as long as they mean one only.
//
// For whoever may know of every account. The names of a medium come in byte order, so what begins alike stands together
// and is found without a look at the rest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/records/accounts.hpp"

namespace countersign::auth::records {

inline constexpr std::size_t kPrefixDigitsMin = 8;

// Lower-case hex digits, 8 at least and fewer than a whole account id has.
bool is_account_prefix(std::string_view text);

// The account that a person means who typed a username or the beginning of an account id. A username wins, be it the
// former one of a deleted account; 8 to 63 hex digits may be either. not_found; malformed_account_id where several ids
// begin so: the detail names some of them.
Result<std::string> find_account_meant(storage::Medium& medium, Accounts& accounts, const std::string& typed);
// The same of an id alone, whole or its beginning.
Result<std::string> find_account_by_id(storage::Medium& medium, Accounts& accounts, const std::string& typed);
// A session of that account, by its id or the beginning of it. not_found; malformed_message where it is neither, or
// where several begin so.
Result<std::string> find_session_meant(storage::Medium& medium, const std::string& account, const std::string& typed);

// An invite likewise.
Result<std::string> find_invite_meant(storage::Medium& medium, const std::string& typed);

// How many digits of each tell these ids apart, where there are equal ones among them too: 8 at least.
std::size_t digits_to_tell_apart(std::vector<std::string_view> ids);

}  // namespace countersign::auth::records
