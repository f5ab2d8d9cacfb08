#include "transport/operations/auth_operations.hpp"

#include <algorithm>
#include <new>

#include "auth/base/log.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

// Text and names, wherever they stand. Strict JSON is at most 8 deep, so this is too.
std::size_t size_of(const Json& json) {
  std::size_t bytes = json.string() != nullptr ? json.string()->size() : 0;
  if (const Json::Array* items = json.items()) {
    for (const Json& item : *items) bytes += size_of(item);
  }
  if (const Json::Object* members = json.members()) {
    for (const auto& [name, value] : *members) bytes += name.size() + size_of(value);
  }
  return bytes;
}

bool holds_secret_key(const Json& json) {
  if (json.string() != nullptr) return auth::openpgp::gate::holds_secret_key(*json.string());
  if (const Json::Array* items = json.items()) {
    return std::any_of(items->begin(), items->end(), [](const Json& item) { return holds_secret_key(item); });
  }
  if (const Json::Object* members = json.members()) {
    return std::any_of(members->begin(), members->end(), [](const auto& one) { return holds_secret_key(one.second); });
  }
  return false;
}

Status judge_message(const Operation& row, const Message& message) {
  if ((row.carriers & static_cast<std::uint8_t>(message.carrier)) == 0) {
    return fail(ErrorCode::carrier_not_allowed, std::string(row.name));
  }
  if (message.text.size() + size_of(message.fields) > row.body_bytes_max)
    return fail(ErrorCode::message_too_large, std::string(row.name));
  // In a member that nobody reads too, and before anything is asked of an account: its owner is to know.
  if (auth::openpgp::gate::holds_secret_key(message.text) || holds_secret_key(message.fields)) {
    return auth::openpgp::gate::refuse_secret_key();
  }
  switch (row.guard) {
    case Guard::none:
      return ok();
    case Guard::bearer:
      if (message.token.empty()) return fail(ErrorCode::malformed_token, "no session token");
      return ok();
    case Guard::administrator:
      if (message.carrier != Carrier::local) return fail(ErrorCode::not_permitted, std::string(row.name));
      return ok();
  }
  return fail(ErrorCode::not_permitted);
}

// The account whose password a message guesses at; empty where it brings none, or names none that could be one.
std::string guessed_at(const Message& message) {
  JsonReader reader(message.fields);
  if (!message.text.empty() || !reader.has("password")) return "";
  return take_account(reader).value_or("");
}

Status limit(auth::Authenticator& auth, const Operation& row, const Message& message) {
  switch (row.limit) {
    case Limit::none:
    case Limit::bad_token:
      return ok();
    case Limit::request:
      return auth.limit_request(visit_of(message));
    case Limit::proof: {
      const std::string account = guessed_at(message);
      return account.empty() ? auth.limit_request(visit_of(message)) : auth.limit_password(visit_of(message), account);
    }
  }
  return fail(ErrorCode::slow_down);
}

Result<Json> dispatch(auth::Authenticator& auth, const Message& message) {
  const Operation* row = find_operation(message.operation);
  if (row == nullptr) return fail(ErrorCode::unknown_operation, std::string(message.operation));
  TRY(judge_message(*row, message));
  TRY(limit(auth, *row, message));
  auto answer = row->carry_out(auth, message);
  if (answer || row->limit != Limit::bad_token || public_face_of(answer.error().code) != Face::denied) return answer;
  // The token opened: its holder may not have this.
  if (answer.error().code == ErrorCode::not_permitted) return answer;
  TRY(auth.limit_request(visit_of(message)));
  return answer;
}

// An alarm is for what an operator has to mend. A stranger cannot bring one about: to be busy is no damage.
auth::LogLevel level_of(ErrorCode code) {
  if (code == ErrorCode::busy || code == ErrorCode::hasher_busy) return auth::LogLevel::warning;
  switch (face_of(code)) {
    case Face::integrity:
    case Face::unavailable:
      return auth::LogLevel::alarm;
    case Face::malformed:
    case Face::denied:
    case Face::conflict:
    case Face::slow_down:
    case Face::not_found:
    case Face::failed:
      return auth::LogLevel::warning;
  }
  return auth::LogLevel::alarm;
}

// What is damaged is one thing, and a server that cannot serve is another, whoever comes upon them.
void log_refusal(const Message& message, const Error& error) {
  const auth::LogLevel level = level_of(error.code);
  const auth::LogField kind{"code", name_of(error.code)};
  const auth::LogField source{"source", message.source};
  const auth::LogField operation{"operation", message.operation};
  const auth::LogField detail{"detail", error.detail};
  if (level != auth::LogLevel::alarm) {
    auth::log_grouped(level, "refused", {kind, source}, {operation, detail});
  } else if (face_of(error.code) == Face::integrity) {
    auth::log_grouped(level, "refused", {kind, detail}, {operation, source});
  } else {
    auth::log_grouped(level, "refused", {kind, {}}, {operation, source, detail});
  }
}

}  // namespace

auth::Visit visit_of(const Message& message) {
  switch (message.carrier) {
    case Carrier::http:
      return {auth::Arrival::http, message.source};
    case Carrier::courier:
      return {auth::Arrival::courier, message.source};
    case Carrier::local:
      return {auth::Arrival::local, message.source};
  }
  return {auth::Arrival::http, message.source};
}

Result<Json> AuthOperations::run(const Message& message) {
  auto answer = [&]() -> Result<Json> {
    try {
      return dispatch(authenticator_, message);
    } catch (const std::bad_alloc&) {
      return fail(ErrorCode::busy, "out of memory");
    }
  }();
  if (!answer) answer = tl::unexpected<Error>(authenticator_.explained(std::move(answer.error())));
  // Only a stick's copy may be whole later.
  if (!answer && answer.error().code == ErrorCode::file_incomplete && message.carrier == Carrier::http) {
    answer = fail(ErrorCode::malformed_message, answer.error().detail);
  }
  if (!answer) {
    authenticator_.count_refusal(answer.error().code);
    // A command says it itself.
    if (message.carrier != Carrier::local) log_refusal(message, answer.error());
  }
  return answer;
}

}  // namespace countersign::transport
