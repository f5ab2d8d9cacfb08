// What an administrator says of an account beside its key: the groups it is in, where mail reaches its owner, and what
// its owner is called. It proves nothing, and no login needs it; applications are told of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::records {

struct Profile {
  std::vector<std::string> groups;  // each once, in the order in which they were given
  std::string email = {};           // empty: not known
  std::string display_name = {};    // empty: not known

  friend bool operator==(const Profile&, const Profile&) = default;
};

inline constexpr std::size_t kGroupsMax = 64;
inline constexpr std::size_t kGroupBytesMax = 64;
inline constexpr std::size_t kEmailBytesMax = 254;  // RFC 5321, section 4.5.3.1.3, without the brackets
inline constexpr std::size_t kDisplayNameBytesMax = 128;

// A group is 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a letter or a digit: it goes into headers and
// paths as it is. malformed_message.
Status check_group(std::string_view group);
// One '@' with something on both sides, and nothing unprintable or blank: whether mail arrives is another question.
Status check_email(std::string_view email);
// Printable UTF-8 in Unicode normalisation form C, 128 bytes at most, that neither begins nor ends with a blank.
Status check_display_name(std::string_view name);
// Of a whole profile: also that no group stands twice.
Status check_profile(const Profile& profile);

// Is the account in one at least of these groups, which have commas between? An empty list has none.
bool is_in_one_of(const Profile& profile, std::string_view groups);

// The members `groups`, `email` and `display_name`, of a record and of a message alike; left out where there are none.
void write_profile(const Profile& profile, Json& json);
// malformed_message.
Result<Profile> parse_profile(JsonReader& reader);

}  // namespace countersign::auth::records
