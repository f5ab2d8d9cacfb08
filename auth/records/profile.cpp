#include "auth/records/profile.hpp"

#include <algorithm>

#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

Status check_group(std::string_view group) {
  const bool fits = !group.empty() && group.size() <= kGroupBytesMax && is_letter_or_digit(group.front()) &&
                    std::all_of(group.begin(), group.end(),
                                [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
  if (fits) return ok();
  return fail(ErrorCode::malformed_message,
              "a group is 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a letter or a digit");
}

Status check_email(std::string_view email) {
  const std::size_t at = email.find('@');
  const bool fits = email.size() <= kEmailBytesMax && at != std::string_view::npos && at > 0 && at + 1 < email.size() &&
                    email.find('@', at + 1) == std::string_view::npos && is_utf8(email) && !has_unprintable(email) &&
                    email.find_first_of(" <>,;\"") == std::string_view::npos;
  if (fits) return ok();
  return fail(ErrorCode::malformed_message, "an email address is NAME@HOST, of at most 254 bytes");
}

Status check_display_name(std::string_view name) {
  const bool fits = !name.empty() && name.size() <= kDisplayNameBytesMax && is_utf8(name) && !has_unprintable(name) &&
                    name.front() != ' ' && name.back() != ' ' && to_nfc(name) == name;
  if (fits) return ok();
  return fail(ErrorCode::malformed_message,
              "a display name is 1 to 128 bytes of printable text in normalisation form C, without blanks around it");
}

Status check_profile(const Profile& profile) {
  if (profile.groups.size() > kGroupsMax) {
    return fail(ErrorCode::malformed_message, "an account is in at most 64 groups");
  }
  for (const std::string& group : profile.groups) {
    TRY(check_group(group));
    if (std::count(profile.groups.begin(), profile.groups.end(), group) > 1) {
      return fail(ErrorCode::malformed_message, "the group '" + group + "' stands twice");
    }
  }
  if (!profile.email.empty()) TRY(check_email(profile.email));
  return profile.display_name.empty() ? ok() : check_display_name(profile.display_name);
}

bool is_in_one_of(const Profile& profile, std::string_view groups) {
  const auto asked = split(groups, ',');
  return std::any_of(profile.groups.begin(), profile.groups.end(), [&](const std::string& group) {
    return std::find(asked.begin(), asked.end(), std::string_view(group)) != asked.end();
  });
}

void write_profile(const Profile& profile, Json& json) {
  if (!profile.groups.empty()) {
    Json groups = Json::array();
    for (const std::string& group : profile.groups) groups.push(group);
    json.set("groups", std::move(groups));
  }
  if (!profile.email.empty()) json.set("email", profile.email);
  if (!profile.display_name.empty()) json.set("display_name", profile.display_name);
}

Result<Profile> parse_profile(JsonReader& reader) {
  Profile profile;
  if (reader.has("groups")) {
    const Json groups = reader.take("groups");
    if (groups.items() == nullptr) return fail(ErrorCode::malformed_message, "'groups' is a list");
    for (const Json& group : *groups.items()) {
      if (group.string() == nullptr) return fail(ErrorCode::malformed_message, "'groups' is a list of texts");
      profile.groups.push_back(*group.string());
    }
  }
  profile.email = TRY(reader.text_or("email", ""));
  profile.display_name = TRY(reader.text_or("display_name", ""));
  TRY(check_profile(profile));
  return profile;
}

}  // namespace countersign::auth::records
