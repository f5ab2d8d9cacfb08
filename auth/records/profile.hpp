// What an administrator says of an account beside its key: the groups it is in, and where mail reaches its owner. It
// proves nothing, and no login needs it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::records {

struct Profile {
  std::vector<std::string> groups;  // each once, in the order in which they were given
  std::string email;                // empty: not known
};

inline constexpr std::size_t kGroupsMax = 64;
inline constexpr std::size_t kGroupBytesMax = 64;
inline constexpr std::size_t kEmailBytesMax = 254;  // RFC 5321, section 4.5.3.1.3, without the brackets

// A group is 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a letter or a digit: it goes into headers and
// paths as it is. malformed_message.
Status check_group(std::string_view group);
// One '@' with something on both sides, and nothing unprintable or blank: whether mail arrives is another question.
Status check_email(std::string_view email);
// Of a whole profile: also that no group stands twice.
Status check_profile(const Profile& profile);

// The members `groups` and `email`, of a record and of a message alike; left out where there are none.
void write_profile(const Profile& profile, Json& json);
// malformed_message.
Result<Profile> parse_profile(JsonReader& reader);

}  // namespace countersign::auth::records
