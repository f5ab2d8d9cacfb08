// A server that a client's command talks to by HTTP: where it is, whether it is the one that the user means, and what
// its answers mean.
#pragma once

#include <string>
#include <string_view>

#include "cli/client_side.hpp"
#include "cli/command.hpp"
#include "transport/http/client.hpp"

namespace countersign::cli {

// Of a response, alone or with a certificate.
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";
inline constexpr std::string_view kJsonType = "application/json";

// Where it answers, as a command line says it.
struct ServerUrl {
  std::string url;
  bool insecure_http = false;  // a token in clear on the network is meant

  Arguments arguments();
  // In its one spelling. usage where what is sent there could be read on the way and --insecure-http is not given;
  // malformed_message.
  Result<std::string> checked() const;
};

// The server says little on purpose, so the client says what it can mean. ok where the status is the one wanted.
Status check_reply(const transport::http::HttpReply& reply, int wanted, std::string_view step);

// Did the server itself refuse the session's token? A proxy before it, or whoever has its address now, says 401 too.
bool is_refused_token(const transport::http::HttpReply& reply);

// The same as check_reply, of an answer to a session's token.
Status check_session_reply(const transport::http::HttpReply& reply, int wanted, const std::string& url);

// A JSON answer. network_failed where it is none.
Result<Json> json_of(const transport::http::HttpReply& reply);

// Whom the user means by the URL: the server named with --server, else the known server of that address. So a server
// that passes on another's challenge is refused, also where the other one is known too. server_unknown, with what the
// server says of itself and the command that trusts it.
Result<auth::client::ServerExpectation> expected_at(transport::http::HttpClient& client, const ClientSide& side,
                                                    const std::string& url, const ExpectedServer& expected);

// A challenge by HTTP, as the message. What check_reply says, and network_failed where it is no OpenPGP message.
Result<std::string> fetch_challenge(transport::http::HttpClient& client, const Json& request);

// The challenge is by HTTP and for the account of that user. transport_mismatch, failed.
Status check_challenge(const auth::client::CheckedStatement& checked, const std::string& user);

// To a name it does not know the server answers all the same, with a challenge that nobody opens.
Result<auth::client::CheckedStatement> explained(const Result<auth::client::CheckedStatement>& opened,
                                                 const std::string& user);

}  // namespace countersign::cli
