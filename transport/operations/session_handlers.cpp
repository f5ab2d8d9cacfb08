#include "storage/base/text.hpp"
#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {
namespace {

// An account's own list, and an administrator's.
constexpr std::size_t kSessionsMax = 1000;

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

Json token_fields(const auth::sessions::RefreshedSession& opened) {
  Json json = Json::object().set("token", opened.token.reveal_text());
  const Json session = session_fields(opened.session);
  for (const auto& [name, value] : *session.members()) json.set(name, value);
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

}  // namespace

Result<Json> open_session(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  if (message.text.empty() && reader.has("password")) {
    TRY(check_carries_passwords(message));
    const auto password = TRY(take_password(reader, "password"));
    const auto name = TRY(take_name(reader));
    TRY(reader.finish());
    return token_fields(TRY(auth.log_in(name, password, visit_of(message))));
  }
  const auto taken = TRY(take_response(message));
  if (!taken.public_key.empty()) return fail(ErrorCode::malformed_message, "a login takes no certificate");
  const auto answer = TRY(auth.log_in(taken.response, visit_of(message)));
  if (!answer.opened) return Json::object().set("grant", answer.grant);
  return token_fields(*answer.opened);
}

Result<Json> show_session(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  return session_fields(TRY(auth.admit(message.token, visit_of(message))));
}

Result<Json> authorize_session(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  const auto session = TRY(auth.admit(message.token, visit_of(message)));
  return Json::object()
      .set("username", session.username)
      .set("account", session.account)
      .set("fingerprint", session.fingerprint)
      .set("session", session.id);
}

Result<Json> refresh_session(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  return token_fields(TRY(auth.refresh_session(message.token, visit_of(message))));
}

Result<Json> end_session(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  TRY(auth.end_session(message.token, visit_of(message)));
  return Json();
}

Result<Json> list_sessions(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  const auto session = TRY(auth.admit(message.token, visit_of(message)));
  return list_fields(TRY(auth.list_sessions(session.account, kSessionsMax)), session.id);
}

Result<Json> end_all_sessions(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  const auto session = TRY(auth.admit(message.token, visit_of(message)));
  TRY(auth.end_all_sessions(session.account, visit_of(message)));
  return Json();
}

Result<Json> end_one_session(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string id = TRY(reader.text("session"));
  TRY(reader.finish());
  const auto session = TRY(auth.admit(message.token, visit_of(message)));
  TRY(auth.end_session_of(session.account, id, visit_of(message)));
  return Json();
}

Result<Json> list_account_sessions(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  TRY(reader.finish());
  TRY(auth.show_account(account));
  return list_fields(TRY(auth.list_sessions(account, kSessionsMax)), "");
}

Result<Json> show_account_session(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const std::string id = TRY(reader.text("session"));
  TRY(reader.finish());
  return session_fields(TRY(auth.show_session(account, id)));
}

Result<Json> end_account_session(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const bool all = TRY(reader.boolean_or("all", false));
  const std::string id = all ? std::string() : TRY(reader.text("session"));
  TRY(reader.finish());
  if (all) {
    TRY(auth.end_all_sessions(account, visit_of(message)));
  } else {
    TRY(auth.end_session_of(account, id, visit_of(message)));
  }
  return Json();
}

}  // namespace countersign::transport
