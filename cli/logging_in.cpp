#include "cli/logging_in.hpp"

#include "auth/base/account_id.hpp"
#include "cli/session_token.hpp"

namespace countersign::cli {

using auth::client::CheckedStatement;
using transport::http::HttpClient;
using transport::http::HttpReply;

Result<Json> log_in_at(HttpClient& client, ClientSide& side, const auth::client::ServerExpectation& expected,
                       const std::string& user, Terminal& terminal) {
  const bool is_id = auth::check_account_id(user).has_value();
  const Json request =
      Json::object().set(is_id ? "account" : "username", user).set("purpose", "login").set("transport", "http");
  const std::string challenge = TRY(fetch_challenge(client, request));
  const auto opened = side.open_challenge(challenge, expected, auth::records::Purpose::login);
  const CheckedStatement checked = TRY(explained(opened, user));
  TRY(check_challenge(checked, user));
  show_statement(terminal, checked);
  const std::string response = TRY(side.sign(checked));
  HttpReply reply = TRY(client.post("/v1/session", kTextType, response));
  TRY(check_reply(reply, 201, "answering the challenge"));
  Json session = TRY(json_of(reply));
  wipe(reply.body);
  const Json* token = session.find("token");
  if (token == nullptr || token->string() == nullptr) {
    return fail(ErrorCode::malformed_message, "the server answered without a token");
  }
  return session;
}

Result<Json> keep_session(const std::filesystem::path& file, Json session) {
  std::string token = *session.find("token")->string();
  session.erase("token");
  TRY(save_token(file, Secret::take(token)));
  session.set("saved", file.string());
  return session;
}

}  // namespace countersign::cli
