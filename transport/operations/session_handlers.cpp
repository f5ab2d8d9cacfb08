#include <algorithm>

#include "auth/records/id_prefixes.hpp"
#include "auth/sessions/session_pages.hpp"
#include "storage/base/text.hpp"
#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {
namespace {

constexpr std::size_t kSessionsMax = 1000;  // of an account's own list
constexpr std::int64_t kSessionPageMax = 10'000;

Json session_fields(const auth::records::Session& session) {
  Json json = Json::object()
                  .set("session", session.id)
                  .set("account", session.account)
                  .set("username", session.username)
                  .set("method", session.method)
                  .set("transport", session.transport)
                  .set("created_at", format_time(session.created_at))
                  .set("idle_expires_at", format_time(session.idle_expires_at))
                  .set("expires_at", format_time(session.expires_at));
  // Granted and not used yet: its limits have not begun.
  if (session.use_before) json.set("use_before", format_time(*session.use_before));
  return json;
}

Json list_fields(const std::vector<auth::records::Session>& sessions, std::string_view current) {
  Json list = Json::array();
  for (const auto& session : sessions) {
    Json json = session_fields(session);
    if (!current.empty()) json.set("current", session.id == current);
    list.push(std::move(json));
  }
  return Json::object().set("sessions", std::move(list));
}

Json damaged_fields(const std::vector<auth::sessions::DamagedSession>& damaged) {
  Json list = Json::array();
  for (const auto& one : damaged) {
    list.push(Json::object()
                  .set("account", one.account)
                  .set("session", one.session)
                  .set("error", name_of(one.error.code))
                  .set("detail", one.error.detail));
  }
  return list;
}

}  // namespace

Json token_fields(const auth::sessions::RefreshedSession& opened) {
  Json json = Json::object().set("token", opened.token.reveal_text());
  const Json session = session_fields(opened.session);
  for (const auto& [name, value] : *session.members()) json.set(name, value);
  return json;
}

Result<Json> open_session(const Message& message, auth::sessions::Login& login, auth::accounts::Passwords& passwords) {
  JsonReader reader(message.fields);
  if (message.text.empty() && reader.has("password")) {
    TRY(check_carries_passwords(message));
    const auto password = TRY(take_password(reader, "password"));
    const auto name = TRY(take_name(reader));
    TRY(reader.finish());
    return token_fields(TRY(passwords.log_in(name, password, visit_of(message))));
  }
  return open_session_by(TRY(take_response(message)), visit_of(message), login);
}

Result<Json> open_session_by(const ResponseFields& taken, const auth::Visit& visit, auth::sessions::Login& login) {
  if (!taken.public_key.empty()) return fail(ErrorCode::malformed_message, "a login takes no certificate");
  const auto answer = TRY(login.redeem(taken.response, visit));
  if (!answer.opened) return Json::object().set("grant", answer.grant);
  return token_fields(*answer.opened);
}

Result<Json> show_session(const Message& message, auth::sessions::Sessions& sessions) {
  TRY(JsonReader(message.fields).finish());
  const auto admitted = TRY(sessions.admit_with_profile(message.token, visit_of(message)));
  Json answer = session_fields(admitted.session);
  write_profile(admitted.profile, answer);
  return answer;
}

Result<Json> authorize_session(const Message& message, auth::sessions::Sessions& sessions) {
  JsonReader reader(message.fields);
  const bool of_group = reader.has("groups");
  const std::string groups = TRY(reader.text_or("groups", ""));
  TRY(reader.finish());
  const auto admitted = TRY(sessions.admit_with_profile(message.token, visit_of(message)));
  if (of_group && !auth::records::is_in_one_of(admitted.profile, groups)) {
    return fail(ErrorCode::not_permitted, admitted.session.username + " is in none of the groups " + groups);
  }
  Json answer = Json::object()
                    .set("username", admitted.session.username)
                    .set("account", admitted.session.account)
                    .set("fingerprint", admitted.session.fingerprint)
                    .set("session", admitted.session.id);
  write_profile(admitted.profile, answer);
  return answer;
}

Result<Json> refresh_session(const Message& message, auth::sessions::Sessions& sessions) {
  TRY(JsonReader(message.fields).finish());
  return token_fields(TRY(sessions.refresh(message.token, visit_of(message))));
}

Result<Json> end_session(const Message& message, auth::sessions::Sessions& sessions) {
  TRY(JsonReader(message.fields).finish());
  TRY(sessions.end(message.token, visit_of(message)));
  return Json();
}

Result<Json> list_sessions(const Message& message, auth::sessions::Sessions& sessions) {
  TRY(JsonReader(message.fields).finish());
  const auto session = TRY(sessions.admit(message.token, visit_of(message)));
  auto listed = TRY(sessions.list(session.account, kSessionsMax + 1));
  const bool more = listed.size() > kSessionsMax;
  if (more) listed.pop_back();
  const auto is_current = [&](const auth::records::Session& one) { return one.id == session.id; };
  // The one that asks is never among those that are left out.
  if (more && std::none_of(listed.begin(), listed.end(), is_current)) listed.back() = session;
  Json answer = list_fields(listed, session.id);
  if (more) answer.set("more", true);
  return answer;
}

Result<Json> end_all_sessions(const Message& message, auth::sessions::Sessions& sessions) {
  TRY(JsonReader(message.fields).finish());
  const auto session = TRY(sessions.admit(message.token, visit_of(message)));
  TRY(sessions.end_all(session.account, visit_of(message)));
  return Json();
}

Result<Json> end_one_session(const Message& message, auth::sessions::Sessions& sessions) {
  JsonReader reader(message.fields);
  const std::string id = TRY(reader.text("session"));
  TRY(reader.finish());
  const auto session = TRY(sessions.admit(message.token, visit_of(message)));
  TRY(sessions.end_one(session.account, id, visit_of(message)));
  return Json();
}

Result<Json> list_account_sessions(const Message& message, const auth::Context& context,
                                   auth::sessions::Sessions& sessions) {
  JsonReader reader(message.fields);
  const bool of_one = reader.has("username") || reader.has("account");
  const std::string account = of_one ? TRY(take_account(reader)) : std::string();
  const std::string after = TRY(reader.text_or("after", ""));
  const std::int64_t limit = TRY(reader.integer_or("limit", 1000));
  TRY(reader.finish());
  if (limit < 1 || limit > kSessionPageMax) return fail(ErrorCode::malformed_message, "'limit' is 1 to 10000");
  if (of_one) TRY(context.accounts.show(account));
  const auto page =
      TRY(auth::sessions::read_sessions(context.medium, sessions, account, after, static_cast<std::size_t>(limit)));
  Json answer = list_fields(page.sessions, "");
  if (!page.damaged.empty()) answer.set("damaged", damaged_fields(page.damaged));
  if (!page.next.empty()) answer.set("next", page.next);
  return answer;
}

Result<Json> show_account_session(const Message& message, const auth::Context& context,
                                  auth::sessions::Sessions& sessions) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const std::string typed = TRY(reader.text("session"));
  TRY(reader.finish());
  const std::string id = TRY(auth::records::find_session_meant(context.medium, account, typed));
  return session_fields(TRY(sessions.show(account, id)));
}

Result<Json> end_account_session(const Message& message, const auth::Context& context,
                                 auth::sessions::Sessions& sessions) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const bool all = TRY(reader.boolean_or("all", false));
  const std::string typed = all ? std::string() : TRY(reader.text("session"));
  TRY(reader.finish());
  if (all) {
    TRY(sessions.end_all(account, visit_of(message)));
  } else {
    const std::string id = TRY(auth::records::find_session_meant(context.medium, account, typed));
    TRY(sessions.end_one(account, id, visit_of(message)));
  }
  return Json();
}

}  // namespace countersign::transport
