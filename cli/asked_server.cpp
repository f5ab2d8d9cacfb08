#include "cli/asked_server.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/base/account_id.hpp"
#include "auth/client/server_url.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli {
namespace {

using auth::client::CheckedStatement;
using auth::client::ServerExpectation;
using transport::http::HttpClient;
using transport::http::HttpReply;

constexpr std::string_view kForeign = "is this the server's URL, or does a proxy answer in its place?";

// It came from the URL, and this server does not say it.
tl::unexpected<Error> foreign(std::string_view step, const HttpReply& reply) {
  std::string what = fmt::format("{}: {} answered with status {}", step, reply.url, reply.status);
  if (!reply.content_type.empty()) what += fmt::format(" and {}", escape_for_display(reply.content_type));
  if (!reply.location.empty()) what += fmt::format(", and points to {}", escape_for_display(reply.location));
  return fail(ErrorCode::network_failed, fmt::format("{}; {}", what, kForeign));
}

// Nobody knows the server at this URL. What it says of itself is shown so that it can be compared, and no more.
tl::unexpected<Error> unknown_server(HttpClient& client, const std::string& url, const Error& unknown) {
  const auto reply = client.get("/v1/server");
  if (!reply) return tl::unexpected<Error>(reply.error());
  constexpr std::string_view kStep = "asking what the server is";
  if (const Status checked = check_reply(*reply, 200, kStep); !checked) return tl::unexpected<Error>(checked.error());
  const auto json = parse_json(reply->body);
  if (!json || json->members() == nullptr) return foreign(kStep, *reply);
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

// As every refusal of a server comes (RFC 9457).
bool is_problem(const HttpReply& reply) {
  return reply.content_type == "application/problem+json";
}

// What a problem document says of itself (RFC 9457, section 3.1.4), to go behind what we say; empty where it says
// nothing.
std::string reason_in(const HttpReply& reply) {
  constexpr std::size_t kReasonBytesMax = 500;
  const auto problem = parse_json(reply.body);
  const Json* detail = problem && problem->members() != nullptr ? problem->find("detail") : nullptr;
  if (detail == nullptr || detail->string() == nullptr || detail->string()->empty()) return "";
  return ":\n  " + escape_for_display(*detail->string(), kReasonBytesMax);
}

}  // namespace

Arguments ServerUrl::arguments() {
  return {
      Argument("URL", &url, "Where the server answers").required(),
      {"--insecure-http", &insecure_http, "Plain HTTP, though others can read the token on the way"},
  };
}

Result<std::string> ServerUrl::checked() const {
  std::string normal = TRY(auth::client::normal_url(url));
  if (insecure_http || auth::client::is_confidential_url(normal)) return normal;
  return fail(ErrorCode::usage, "by plain http the token could be read on the way; use https, or pass --insecure-http");
}

Status check_reply(const HttpReply& reply, int wanted, std::string_view step) {
  if (reply.status == wanted) return ok();
  const std::string what = fmt::format("{}: the server answered with status {}", step, reply.status);
  switch (reply.status) {
    case 401:
      return fail(ErrorCode::not_permitted, what + "; it does not say why");
    case 409:
      return fail(ErrorCode::conflict, what + reason_in(reply));
    case 429:
      return fail(ErrorCode::slow_down, what);
    case 503:
      return fail(ErrorCode::busy, what);
    default:
      break;
  }
  const bool is_refusal = reply.status >= 400 && reply.status < 500 && is_problem(reply);
  if (is_refusal) return fail(ErrorCode::malformed_message, what + reason_in(reply));
  return foreign(step, reply);
}

bool is_refused_token(const HttpReply& reply) {
  return reply.status == 401 && reply.authenticate == "Bearer realm=\"countersign\"";
}

Status check_session_reply(const HttpReply& reply, int wanted, const std::string& url) {
  if (reply.status == 401 && !is_refused_token(reply)) return foreign("asking with the token", reply);
  if (reply.status != 401) return check_reply(reply, wanted, "asking with the token");
  return fail(
      ErrorCode::not_permitted,
      fmt::format("the token opens no session at {0}; log in again: countersign login {0} --user NAME --save", url));
}

Result<Json> json_of(const HttpReply& reply) {
  auto json = parse_json(reply.body);
  if (json && json->members() != nullptr) return json;
  return foreign("the answer is no JSON", reply);
}

Result<ServerExpectation> expected_at(HttpClient& client, const ClientSide& side, const std::string& url,
                                      const ExpectedServer& expected) {
  if (!expected.name.empty()) return side.expect(expected);
  const auto known = side.known().find_at(url);
  if (known) return ServerExpectation{side.known(), known->name, known->key};
  if (known.error().code != ErrorCode::server_unknown) return tl::unexpected<Error>(known.error());
  return unknown_server(client, url, known.error());
}

Result<std::string> fetch_challenge(HttpClient& client, const Json& request) {
  HttpReply reply = TRY(client.post("/v1/challenge", kJsonType, write_json(request)));
  TRY(check_reply(reply, 200, "asking for a challenge"));
  if (!auth::openpgp::gate::looks_armored(reply.body)) return foreign("there is no challenge in the answer", reply);
  return std::move(reply.body);
}

Status check_challenge(const CheckedStatement& checked, const std::string& user) {
  const auth::records::Statement& statement = checked.statement();
  if (statement.transport != auth::records::Transport::http) {
    return fail(ErrorCode::transport_mismatch, "the server sent a courier's challenge");
  }
  const std::string account = auth::check_account_id(user) ? user : auth::account_id_of(user);
  if (statement.account != account) return fail(ErrorCode::failed, "the server sent a challenge for another account");
  return ok();
}

Result<CheckedStatement> explained(const Result<CheckedStatement>& opened, const std::string& user) {
  if (opened || opened.error().code != ErrorCode::not_found) return opened;
  const std::string& detail = opened.error().detail;
  const std::string beneath = detail.substr(std::min(detail.find('\n'), detail.size()));
  return fail(
      ErrorCode::not_found,
      fmt::format("none of your keys opens the challenge; is {} the right user, and GNUPGHOME the right folder?{}",
                  user, beneath));
}

}  // namespace countersign::cli
