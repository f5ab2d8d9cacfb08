#include "auth/records/invite_text.hpp"

#include "auth/base/account_id.hpp"
#include "auth/records/invite.hpp"
#include "auth/records/printed_secret.hpp"
#include "auth/records/server_identity.hpp"
#include "auth/records/session.hpp"
#include "storage/base/json.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::string_view kInviteTextMember = "countersign_invite";
constexpr std::int64_t kInviteTextVersion = 1;

std::string_view without_space_around(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// For whoever took one file for another.
std::string what_it_is(std::string_view text) {
  constexpr std::string_view kArmor = "-----BEGIN ";
  if (text.empty()) return "it is empty";
  if (text.starts_with(kArmor)) {
    const std::string_view rest = text.substr(kArmor.size());
    return "it is a " + std::string(rest.substr(0, rest.find("-----"))).substr(0, 64);
  }
  if (text.starts_with(kTokenPrefix)) return "it looks like a session's token";
  if (text.starts_with(kInvitePrefix)) return "it is the secret alone; the whole line is needed, from { to }";
  if (text.starts_with('{')) return "it is JSON of another kind, or a part of an invite";
  return "it is something else";
}

Result<InviteText> parse_members(const Json& json) {
  JsonReader reader(json);
  if (TRY(reader.integer(kInviteTextMember)) != kInviteTextVersion) {
    return fail(ErrorCode::unknown_version, "the invite is of another version");
  }
  InviteText invite;
  invite.server = TRY(reader.text("server"));
  TRY(ServerIdentity::check_name(invite.server));
  invite.url = TRY(reader.text("url"));
  if (invite.url.empty()) return fail(ErrorCode::malformed_message, "it does not say where the server answers");
  invite.server_key = TRY(Fingerprint::parse(TRY(reader.text("server_key"))));
  invite.username = TRY(reader.text_or_null("username"));
  if (!invite.username.empty()) TRY(check_new_username(invite.username));
  invite.secret = TRY(reader.secret("invite"));
  invite.expires_at = TRY(reader.time("expires"));
  TRY(reader.finish());
  if (is_printed_secret(invite.secret.reveal_text(), kInvitePrefix)) return invite;
  return fail(ErrorCode::malformed_message, "its secret is not whole: ci_ and 43 characters");
}

}  // namespace

Secret write_invite_text(const InviteText& invite) {
  Json json = Json::object()
                  .set(std::string(kInviteTextMember), kInviteTextVersion)
                  .set("server", invite.server)
                  .set("url", invite.url)
                  .set("server_key", invite.server_key.upper())
                  .set("username", invite.username.empty() ? Json() : Json(invite.username))
                  .set("invite", invite.secret.reveal_text())
                  .set("expires", format_time(invite.expires_at));
  std::string text = write_json(json);
  json.wipe();
  return Secret::take(text);
}

Result<InviteText> parse_invite_text(std::string_view text) {
  const std::string_view line = without_space_around(text);
  auto json = parse_json(line);
  if (!json || json->find(kInviteTextMember) == nullptr) {
    if (json) json->wipe();
    return fail(ErrorCode::malformed_message, "this is no invite: " + what_it_is(line));
  }
  auto invite = parse_members(*json);
  json->wipe();
  return invite;
}

}  // namespace countersign::auth::records
