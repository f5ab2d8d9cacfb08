#include "tests/bench/load/client.hpp"

#include <stdexcept>

#include "storage/base/json.hpp"
#include "storage/base/text.hpp"

namespace countersign::bench {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kText = "text/plain";
constexpr const char* kPassword = "correct horse battery staple";
// As long as a token is, so that a server that looks at none has as much to read.
constexpr std::string_view kNoToken = "0000000000000000000000000000000000000000000";

std::string bearer_line(std::string_view token) {
  return "Authorization: Bearer " + std::string(token) + "\r\n";
}

std::string type_line(std::string_view content_type) {
  return "Content-Type: " + std::string(content_type) + "\r\n";
}

}  // namespace

Client::Client(const Address& address, const Mix& mix, std::string username, std::string path)
    : connection_(address), username_(std::move(username)), path_(std::move(path)), bearer_(bearer_line(kNoToken)) {
  if (!mix.needs_account()) return;
  key_.emplace(username_);
  enrol(mix.has(Kind::password));
  if (mix.needs_session()) log_in();
}

void Client::perform(Kind kind) {
  switch (kind) {
    case Kind::get:
      return show(path_);
    case Kind::check:
      return show("/v1/session");
    case Kind::authz:
      return show("/v1/authz");
    case Kind::challenge:
      challenge(kForm, "username=" + username_);
      return;
    case Kind::login:
      return log_in();
    case Kind::password:
      return log_in_by_password();
    case Kind::refresh:
      return refresh();
  }
}

void Client::enrol(bool with_password) {
  const Json wanted =
      Json::object().set("username", username_).set("purpose", "enrol").set("public_key", key_->certificate());
  const std::string statement = key_->open(challenge(kJson, write_json(wanted)));
  Json response = Json::object().set("response", key_->clear_sign(statement)).set("public_key", key_->certificate());
  if (with_password) response.set("password", kPassword);
  ask("POST", "/v1/accounts", type_line(kJson), write_json(response), 201);
}

std::string Client::challenge(std::string_view content_type, std::string_view body) {
  return ask("POST", "/v1/challenge", type_line(content_type), body, 200);
}

void Client::log_in() {
  const std::string statement = key_->open(challenge(kForm, "username=" + username_));
  keep_token(ask("POST", "/v1/session", type_line(kText), key_->clear_sign(statement), 201));
}

void Client::log_in_by_password() {
  const Json login = Json::object().set("username", username_).set("password", kPassword);
  keep_token(ask("POST", "/v1/session", type_line(kJson), write_json(login), 201));
}

void Client::refresh() {
  keep_token(ask("POST", "/v1/session/refresh", bearer_, "", 200));
}

void Client::show(std::string_view path) {
  ask("GET", path, bearer_, "", 200);
}

std::string Client::ask(std::string_view method, std::string_view path, std::string_view headers, std::string_view body,
                        int expected) {
  Reply reply = connection_.exchange(method, path, headers, body);
  if (reply.status == expected) return std::move(reply.body);
  throw std::runtime_error(std::string(method) + " " + std::string(path) + ": " + std::to_string(reply.status) + " " +
                           escape_for_display(reply.body));
}

void Client::keep_token(std::string_view answer) {
  const auto json = parse_json(answer);
  const Json* const token = json ? json->find("token") : nullptr;
  if (token == nullptr || token->string() == nullptr) throw std::runtime_error("an answer without a token");
  bearer_ = bearer_line(*token->string());
}

}  // namespace countersign::bench
