#include "auth/records/id_prefixes.hpp"
#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

constexpr std::int64_t kInvitePageMax = 10'000;

// What is told of an invite; its secret is not known here.
Json invite_fields(const auth::Context& context, const auth::records::Invite& invite) {
  Json groups = Json::array();
  for (const std::string& group : invite.profile.groups) groups.push(group);
  Json fields = Json::object()
                    .set("invite", invite.id)
                    .set("username", invite.username.empty() ? Json() : Json(invite.username))
                    .set("state", auth::records::shown_state(invite, context.identity.restores(),
                                                             context.timekeeper.now().judged))
                    .set("groups", std::move(groups))
                    .set("made_at", format_time(invite.made_at))
                    .set("expires_at", format_time(invite.expires_at));
  if (!invite.account.empty()) fields.set("account", invite.account);
  if (invite.ended_at) fields.set("ended_at", format_time(*invite.ended_at));
  return fields;
}

// One damaged record must not hide the others: its state says what is wrong with it.
Json listed_invite(const auth::Context& context, const auth::invites::ListedInvite& listed) {
  if (listed.invite) return invite_fields(context, *listed.invite);
  return Json::object()
      .set("invite", listed.id)
      .set("username", Json())
      .set("state", countersign::name_of(listed.invite.error().code))
      .set("groups", Json::array())
      .set("made_at", Json())
      .set("expires_at", Json());
}

// What the invited is to be given besides where the server answers: that is for whoever prints it.
Json made_fields(const auth::Context& context, const auth::invites::MadeInvite& made) {
  return invite_fields(context, made.invite)
      .set("server", context.identity.name())
      .set("server_key", context.identity.fingerprint().upper())
      .set("registration", auth::kRegistrations.of(context.policies.registration))
      .set("secret", made.secret.reveal_text());
}

Result<Seconds> take_lifetime(JsonReader& reader) {
  return Seconds(TRY(reader.integer("lifetime_seconds")));
}

}  // namespace

Result<Json> make_invite(const Message& message, const auth::Context& context, auth::invites::Invites& invites) {
  JsonReader reader(message.fields);
  auth::invites::NewInvite wanted;
  wanted.username = TRY(reader.text_or("username", ""));
  if (wanted.username.empty() && reader.has("username")) {
    return fail(ErrorCode::malformed_message, "'username' is empty");
  }
  wanted.profile = TRY(auth::records::parse_profile(reader));
  wanted.lifetime = TRY(take_lifetime(reader));
  TRY(reader.finish());
  return made_fields(context, TRY(invites.make(wanted, visit_of(message))));
}

Result<Json> list_invites(const Message& message, const auth::Context& context, auth::invites::Invites& invites) {
  JsonReader reader(message.fields);
  std::string after = TRY(reader.text_or("after", ""));
  const std::int64_t limit = TRY(reader.integer_or("limit", 1000));
  TRY(reader.finish());
  if (limit < 1 || limit > kInvitePageMax) return fail(ErrorCode::malformed_message, "'limit' is 1 to 10000");
  if (!after.empty()) after = TRY(auth::records::find_invite_meant(context.medium, after));
  const auto page = TRY(invites.list(after, static_cast<std::size_t>(limit)));
  Json list = Json::array();
  for (const auto& one : page.invites) list.push(listed_invite(context, one));
  Json answer = Json::object().set("invites", std::move(list));
  if (!page.next.empty()) answer.set("next", page.next);
  return answer;
}

Result<Json> show_invite(const Message& message, const auth::Context& context, auth::invites::Invites& invites) {
  JsonReader reader(message.fields);
  const std::string id = TRY(reader.text("invite"));
  TRY(reader.finish());
  return invite_fields(context, TRY(invites.show(id)));
}

Result<Json> renew_invite(const Message& message, const auth::Context& context, auth::invites::Invites& invites) {
  JsonReader reader(message.fields);
  const std::string id = TRY(reader.text("invite"));
  const Seconds lifetime = TRY(take_lifetime(reader));
  TRY(reader.finish());
  return invite_fields(context, TRY(invites.renew(id, lifetime, visit_of(message))));
}

Result<Json> cancel_invite(const Message& message, const auth::Context& context, auth::invites::Invites& invites) {
  JsonReader reader(message.fields);
  const std::string id = TRY(reader.text("invite"));
  TRY(reader.finish());
  return invite_fields(context, TRY(invites.cancel(id, visit_of(message))));
}

Result<Json> report_stolen_invite(const Message& message, const auth::Context& context,
                                  auth::invites::Invites& invites) {
  JsonReader reader(message.fields);
  const std::string id = TRY(reader.text("invite"));
  const Seconds lifetime = TRY(take_lifetime(reader));
  TRY(reader.finish());
  const auto stolen = TRY(invites.report_stolen(id, lifetime, visit_of(message)));
  Json answer = Json::object().set("stolen", stolen.invite.id);
  if (!stolen.account_deleted.empty()) answer.set("account_deleted", stolen.account_deleted);
  const Json next = made_fields(context, stolen.next);
  for (const auto& [name, value] : *next.members()) answer.set(name, value);
  return answer;
}

}  // namespace countersign::transport
