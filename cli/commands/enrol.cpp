// Registration where it is open: a challenge to the user's key, signed by it, and the certificate with it.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "auth/base/account_id.hpp"
#include "auth/openpgp/gnupg/secret_keys.hpp"
#include "cli/asked_server.hpp"
#include "cli/known_servers_file.hpp"
#include "storage/base/shell.hpp"

namespace countersign::cli::commands {
namespace {

struct EnrolOptions {
  ServerUrl server;
  std::string user;
  std::string key;
  ExpectedServer expected_server;

  Arguments arguments() {
    return joined(server.arguments(),
                  {Argument("--user", &user, "The username that one wants").required(),
                   {"--key", &key, "The fingerprint of one's key; else the only one in one's GnuPG"}},
                  expected_server.arguments());
  }
};

using auth::client::CheckedStatement;
using transport::http::HttpClient;
using transport::http::HttpReply;

Result<auth::Fingerprint> key_of(const EnrolOptions& options, const Environment& environment) {
  if (!options.key.empty()) return parse_typed_fingerprint(options.key);
  const auto keys = TRY(auth::openpgp::gnupg::usable_secret_keys(environment.find("GNUPGHOME").value_or("")));
  if (keys.size() == 1) return keys.front();
  if (keys.empty()) return fail(ErrorCode::not_found, "a key of yours in GnuPG; is GNUPGHOME the right folder?");
  std::string all;
  for (const auth::Fingerprint& key : keys) all += "\n  " + key.upper();
  return fail(ErrorCode::usage, "you have several keys; name one with --key:" + all);
}

// What a server that is closed to strangers says of itself, before anything is signed in vain.
Status check_open(HttpClient& client, const std::string& user, const auth::Fingerprint& key) {
  const HttpReply reply = TRY(client.get("/v1/server"));
  TRY(check_reply(reply, 200, "asking what the server is"));
  const Json server = TRY(json_of(reply));
  const Json* registration = server.find("registration");
  if (registration == nullptr || registration->string() == nullptr || *registration->string() != "closed") return ok();
  return fail(ErrorCode::registration_closed,
              fmt::format("ask the administrator to add you: send them your public key (gpg --armor --export {0}) and, "
                          "by another way, its fingerprint. They run:\n  countersign account add {1} --public-key FILE",
                          key.upper(), quoted_for_shell(user)));
}

Status check_enrolment(const CheckedStatement& checked, const std::string& user, const auth::Fingerprint& key) {
  TRY(check_challenge(checked, user));
  const auth::records::Statement& statement = checked.statement();
  if (statement.key != key) return fail(ErrorCode::failed, "the server sent a challenge for another key");
  if (statement.extra != user) return fail(ErrorCode::failed, "the server sent a challenge for another username");
  return ok();
}

Status run_enrol(const EnrolOptions& options, CommandContext& context) {
  const std::string url = TRY(options.server.checked());
  TRY(auth::check_username(options.user));
  const auth::Fingerprint key = TRY(key_of(options, context.environment));
  const auto side = TRY(ClientSide::open(context));
  HttpClient client = TRY(HttpClient::open(url));
  const auto expected = TRY(expected_at(client, *side, url, options.expected_server));
  TRY(check_open(client, options.user, key));
  const std::string certificate = TRY(side->certificate(key));
  const Json request = Json::object()
                           .set("username", options.user)
                           .set("purpose", "enrol")
                           .set("transport", "http")
                           .set("public_key", certificate);
  const std::string challenge = TRY(fetch_challenge(client, request));
  const CheckedStatement checked =
      TRY(explained(side->open_challenge(challenge, expected, auth::records::Purpose::enrol), options.user));
  TRY(check_enrolment(checked, options.user, key));
  show_statement(context.terminal, checked);
  const std::string response = TRY(side->sign(checked));
  const HttpReply reply = TRY(client.post("/v1/accounts", kTextType, response + "\n" + certificate));
  if (reply.status == 409) {
    return fail(ErrorCode::conflict,
                "the username or the key has an account already; log in, or take another username");
  }
  TRY(check_reply(reply, 201, "answering the challenge"));
  context.terminal.answer(TRY(json_of(reply)));
  return ok();
}

}  // namespace

Command enrol_command() {
  return command("enrol", "Register with one's own key, where a server's registration is open",
                 "countersign enrol https://auth.example.org --user alice\n"
                 "  countersign enrol https://auth.example.org --user alice --key "
                 "7E83D657744F8AD2656B40035C27A52981F1F86B",
                 run_enrol);
}

}  // namespace countersign::cli::commands
