#include "cli/enrolling.hpp"

#include <fmt/format.h>

#include "auth/base/account_id.hpp"
#include "auth/openpgp/gnupg/secret_keys.hpp"
#include "cli/known_servers_file.hpp"
#include "storage/base/shell.hpp"

namespace countersign::cli {
namespace {

using auth::client::CheckedStatement;
using transport::http::HttpClient;
using transport::http::HttpReply;

std::string ask_to_be_added(const Enrolling& wanted) {
  return fmt::format(
      "ask the administrator to add you: send them your public key (gpg --armor --export {0}) and, by "
      "another way, its fingerprint. They run:\n  countersign account add {1} --public-key FILE",
      wanted.key.upper(), quoted_for_shell(wanted.user));
}

// What a server that is closed to strangers says of itself, before anything is signed in vain.
Status check_open(HttpClient& client, const Enrolling& wanted) {
  const HttpReply reply = TRY(client.get("/v1/server"));
  TRY(check_reply(reply, 200, "asking what the server is"));
  const Json server = TRY(json_of(reply));
  const Json* registration = server.find("registration");
  if (registration == nullptr || registration->string() == nullptr) return ok();
  if (*registration->string() == "closed") {
    if (wanted.invite.empty()) return fail(ErrorCode::registration_closed, ask_to_be_added(wanted));
    return fail(ErrorCode::registration_closed,
                "the server takes no invites either, until its administrator sets `registration = \"invite\"`");
  }
  if (*registration->string() == "invite" && wanted.invite.empty()) {
    return fail(ErrorCode::registration_closed,
                fmt::format("it is open to those who have an invite: ask the administrator for one, who runs\n  "
                            "countersign invite new {}\n  and then: countersign join FILE",
                            quoted_for_shell(wanted.user)));
  }
  return ok();
}

Status check_enrolment(const CheckedStatement& checked, const Enrolling& wanted) {
  TRY(check_challenge(checked, wanted.user));
  const auth::records::Statement& statement = checked.statement();
  if (statement.key != wanted.key) return fail(ErrorCode::failed, "the server sent a challenge for another key");
  if (statement.extra != wanted.user)
    return fail(ErrorCode::failed, "the server sent a challenge for another username");
  return ok();
}

Json with_invite(Json fields, const Secret& invite) {
  if (!invite.empty()) fields.set("invite", invite.reveal_text());
  return fields;
}

// Only JSON has a place for an invite.
Result<HttpReply> hand_in(HttpClient& client, const std::string& response, const std::string& certificate,
                          const Secret& invite) {
  if (invite.empty()) return client.post("/v1/accounts", kTextType, response + "\n" + certificate);
  Json fields = with_invite(Json::object().set("response", response).set("public_key", certificate), invite);
  std::string body = write_json(fields);
  fields.wipe();
  auto reply = client.post("/v1/accounts", kJsonType, body);
  wipe(body);
  return reply;
}

}  // namespace

Result<auth::Fingerprint> own_key(const std::string& typed, const Environment& environment) {
  if (!typed.empty()) return parse_typed_fingerprint(typed);
  const auto keys = TRY(auth::openpgp::gnupg::usable_secret_keys(environment.find("GNUPGHOME").value_or("")));
  if (keys.size() == 1) return keys.front();
  if (keys.empty()) return fail(ErrorCode::not_found, "a key of yours in GnuPG; is GNUPGHOME the right folder?");
  std::string all;
  for (const auth::Fingerprint& key : keys) all += "\n  " + key.upper();
  return fail(ErrorCode::usage, "you have several keys; name one with --key:" + all);
}

Result<Json> enrol_at(HttpClient& client, ClientSide& side, const auth::client::ServerExpectation& expected,
                      const Enrolling& wanted, Terminal& terminal) {
  TRY(check_open(client, wanted));
  const std::string certificate = TRY(side.certificate(wanted.key));
  Json request = with_invite(Json::object()
                                 .set("username", wanted.user)
                                 .set("purpose", "enrol")
                                 .set("transport", "http")
                                 .set("public_key", certificate),
                             wanted.invite);
  const auto challenge = fetch_challenge(client, request);
  request.wipe();
  const CheckedStatement checked =
      TRY(explained(side.open_challenge(TRY(challenge), expected, auth::records::Purpose::enrol), wanted.user));
  TRY(check_enrolment(checked, wanted));
  show_statement(terminal, checked);
  const std::string response = TRY(side.sign(checked));
  const HttpReply reply = TRY(hand_in(client, response, certificate, wanted.invite));
  if (reply.status == 409) {
    return fail(ErrorCode::conflict,
                "the username or the key has an account already; log in, or take another username");
  }
  TRY(check_reply(reply, 201, "answering the challenge"));
  return json_of(reply);
}

}  // namespace countersign::cli
