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

Client::Client(const Address& address, const Mix& mix, const std::vector<std::string>& usernames, std::string path)
    : connection_(address), path_(std::move(path)) {
  for (const std::string& username : usernames) {
    accounts_.push_back({username, std::nullopt, bearer_line(kNoToken)});
  }
  now_ = &accounts_.front();
  if (!mix.needs_account()) return;
  for (Account& account : accounts_) {
    now_ = &account;
    account.key.emplace(account.username);
    enrol(mix.has(Kind::password));
    if (mix.needs_session()) log_in();
  }
}

void Client::perform(Kind kind) {
  now_ = &accounts_[turn_++ % accounts_.size()];
  switch (kind) {
    case Kind::get:
      return show(path_);
    case Kind::check:
      return show("/v1/session");
    case Kind::authz:
      return show("/v1/authz");
    case Kind::challenge:
      challenge(kForm, "username=" + now_->username);
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
  const Json wanted = Json::object()
                          .set("username", now_->username)
                          .set("purpose", "enrol")
                          .set("public_key", now_->key->certificate());
  const std::string statement = now_->key->open(challenge(kJson, write_json(wanted)));
  Json response =
      Json::object().set("response", now_->key->clear_sign(statement)).set("public_key", now_->key->certificate());
  if (with_password) response.set("password", kPassword);
  ask("POST", "/v1/accounts", type_line(kJson), write_json(response), 201);
}

std::string Client::challenge(std::string_view content_type, std::string_view body) {
  return ask("POST", "/v1/challenge", type_line(content_type), body, 200);
}

void Client::log_in() {
  const std::string statement = now_->key->open(challenge(kForm, "username=" + now_->username));
  keep_token(ask("POST", "/v1/session", type_line(kText), now_->key->clear_sign(statement), 201));
}

void Client::log_in_by_password() {
  const Json login = Json::object().set("username", now_->username).set("password", kPassword);
  keep_token(ask("POST", "/v1/session", type_line(kJson), write_json(login), 201));
}

void Client::refresh() {
  keep_token(ask("POST", "/v1/session/refresh", now_->bearer, "", 200));
}

void Client::show(std::string_view path) {
  ask("GET", path, now_->bearer, "", 200);
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
  now_->bearer = bearer_line(*token->string());
}

}  // namespace countersign::bench
