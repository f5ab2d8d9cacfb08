// Challenge, response and session in one; prints the token once.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/base/account_id.hpp"
#include "auth/client/server_url.hpp"
#include "cli/client_side.hpp"
#include "storage/base/text.hpp"
#include "transport/http/client.hpp"

namespace countersign::cli::commands {
namespace {

struct LoginOptions {
  std::string url;
  std::string user;
  ExpectedServer expected_server;
  bool insecure_http = false;  // a token in clear on the network is meant

  Arguments arguments() {
    return joined({Argument("URL", &url, "Where the server answers").required(),
                   Argument("--user", &user, "A username or an account id").required(),
                   {"--insecure-http", &insecure_http, "Plain HTTP, though others can read the token on the way"}},
                  expected_server.arguments());
  }
};

using auth::client::CheckedStatement;
using auth::client::KnownServer;
using auth::client::ServerExpectation;
using transport::http::HttpClient;
using transport::http::HttpReply;

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kTextType = "text/plain; charset=utf-8";

// The server says little on purpose, so the client says what it can mean.
Status check_reply(const HttpReply& reply, int wanted, std::string_view step) {
  if (reply.status == wanted) return ok();
  const std::string what = fmt::format("{}: the server answered with status {}", step, reply.status);
  switch (reply.status) {
    case 401:
      return fail(ErrorCode::not_permitted, what + "; it does not say why");
    case 409:
      return fail(ErrorCode::conflict, what);
    case 429:
      return fail(ErrorCode::slow_down, what);
    case 503:
      return fail(ErrorCode::busy, what);
    default:
      break;
  }
  if (reply.status >= 400 && reply.status < 500) return fail(ErrorCode::malformed_message, what);
  return fail(ErrorCode::network_failed, what);
}

// Nobody knows the server at this URL. What it says of itself is shown so that it can be compared, and no more.
tl::unexpected<Error> unknown_server(HttpClient& client, const std::string& url, const Error& unknown) {
  const auto reply = client.get("/v1/server");
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (reply->status != 200) return tl::unexpected<Error>(unknown);
  const auto json = parse_json(reply->body);
  if (!json) return tl::unexpected<Error>(unknown);
  const Json* name = json->find("server");
  const Json* digits = json->find("fingerprint");
  if (name == nullptr || digits == nullptr || name->string() == nullptr || digits->string() == nullptr) {
    return tl::unexpected<Error>(unknown);
  }
  const auto key = auth::Fingerprint::parse(*digits->string());
  if (!key) return tl::unexpected<Error>(unknown);
  const bool named_by_url = auth::client::is_same_url(*name->string(), url);
  return fail(ErrorCode::server_unknown,
              fmt::format("{}; it says that it is {} with the key {}\n  Compare the fingerprint with its "
                          "administrator's. If it is right, run:\n  {}",
                          unknown.detail, *name->string(), key->upper(),
                          auth::client::trust_command(*name->string(), *key, named_by_url ? "" : url)));
}

// Whom the user means by the URL: the server named with --server, else the known server of that address. So a server
// that passes on another's challenge is refused, also where the other one is known too.
Result<ServerExpectation> expected_server(HttpClient& client, const ClientSide& side, const LoginOptions& options) {
  if (!options.expected_server.name.empty()) return side.expect(options.expected_server);
  const auto known = side.known().find_at(options.url);
  if (known) return ServerExpectation{side.known(), known->name, known->key};
  if (known.error().code != ErrorCode::server_unknown) return tl::unexpected<Error>(known.error());
  return unknown_server(client, options.url, known.error());
}

Result<std::string> fetch_challenge(HttpClient& client, const std::string& user) {
  const bool is_id = is_lower_hex(user, 64);
  const Json request =
      Json::object().set(is_id ? "account" : "username", user).set("purpose", "login").set("transport", "http");
  const HttpReply reply = TRY(client.post("/v1/challenge", kJsonType, write_json(request)));
  TRY(check_reply(reply, 200, "asking for a challenge"));
  return reply.body;
}

// To a name it does not know the server answers all the same, with a challenge that nobody opens.
Result<CheckedStatement> explained(const Result<CheckedStatement>& opened, const std::string& user) {
  if (opened || opened.error().code != ErrorCode::not_found) return opened;
  const std::string& detail = opened.error().detail;
  const std::string beneath = detail.substr(std::min(detail.find('\n'), detail.size()));
  return fail(
      ErrorCode::not_found,
      fmt::format("none of your keys opens the challenge; is {} the right user, and GNUPGHOME the right folder?{}",
                  user, beneath));
}

Status check_challenge(const CheckedStatement& checked, const std::string& user) {
  const auth::records::Statement& statement = checked.statement();
  if (statement.transport != auth::records::Transport::http) {
    return fail(ErrorCode::transport_mismatch, "the server sent a courier's challenge");
  }
  const std::string account = is_lower_hex(user, 64) ? user : auth::account_id_of(user);
  if (statement.account != account) return fail(ErrorCode::failed, "the server sent a challenge for another account");
  return ok();
}

// The token alone on stdout, so that a script takes it as it is; the rest is talk.
Status print_session(Terminal& terminal, const std::string& body) {
  Json session = TRY(parse_json(body));
  const Json* token = session.find("token");
  if (token == nullptr || token->string() == nullptr) {
    return fail(ErrorCode::malformed_message, "the server answered without a token");
  }
  if (terminal.json()) {
    terminal.answer(session);
    return ok();
  }
  terminal.data(*token->string() + "\n");
  session.erase("token");
  terminal.say(text_of_answer(session));
  return ok();
}

Status run_login(const LoginOptions& options, CommandContext& context) {
  const std::string url = TRY(auth::client::normal_url(options.url));
  if (!options.insecure_http && !auth::client::is_confidential_url(url)) {
    return fail(ErrorCode::usage,
                "by plain http the token could be read on the way; use https, or pass --insecure-http");
  }
  TRY(is_lower_hex(options.user, 64) ? ok() : auth::check_username(options.user));
  const auto side = TRY(ClientSide::open(context));
  HttpClient client = TRY(HttpClient::open(url));
  const ServerExpectation expected = TRY(expected_server(client, *side, options));
  const std::string challenge = TRY(fetch_challenge(client, options.user));
  const auto opened = side->open_challenge(challenge, expected, auth::records::Purpose::login);
  const CheckedStatement checked = TRY(explained(opened, options.user));
  TRY(check_challenge(checked, options.user));
  show_statement(context.terminal, checked);
  const std::string response = TRY(side->sign(checked));
  HttpReply reply = TRY(client.post("/v1/session", kTextType, response));
  TRY(check_reply(reply, 201, "answering the challenge"));
  const Status printed = print_session(context.terminal, reply.body);
  wipe(reply.body);
  return printed;
}

}  // namespace

Command login_command() {
  return command("login", "Log in to a server; prints the token once",
                 "countersign login https://auth.example.org --user alice", run_login);
}

}  // namespace countersign::cli::commands
