#include "transport/operations/auth_operations.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "auth/base/log.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

struct Row {
  std::string_view operation;
  Handler handler;
};

constexpr std::array kHandlers = {
    Row{"health.show", show_health},
    Row{"ready.show", show_ready},
    Row{"server.show", show_server},
    Row{"challenge.issue", issue_challenge},
    Row{"account.enrol", enrol_account},
    Row{"account.hold", hold_account},
    Row{"key.hand_out", hand_out_key},
    Row{"session.open", open_session},
    Row{"key.revoke", revoke_key},
    Row{"key.rotate", rotate_key},
    Row{"response.redeem", redeem_response},
    Row{"session.show", show_session},
    Row{"session.authz", authorize_session},
    Row{"session.refresh", refresh_session},
    Row{"session.end", end_session},
    Row{"session.list", list_sessions},
    Row{"session.end_all", end_all_sessions},
    Row{"session.end_one", end_one_session},
    Row{"account.add", add_account},
    Row{"account.import", import_accounts},
    Row{"account.confirm", confirm_account},
    Row{"account.list", list_accounts},
    Row{"account.show", show_account},
    Row{"account.sessions", list_account_sessions},
    Row{"account.session", show_account_session},
    Row{"account.session_end", end_account_session},
    Row{"password.change", change_password},
    Row{"password.set", set_password},
    Row{"password.remove", remove_password},
    Row{"account.revoke", revoke_account},
    Row{"account.restore", restore_account},
    Row{"account.rotate", rotate_account},
    Row{"account.key", hand_out_account_key},
    Row{"account.delete", delete_account},
    Row{"revocation.export", export_revocations},
    Row{"revocation.apply", apply_revocations},
    Row{"audit.list", list_audit},
    Row{"audit.verify", verify_audit},
    Row{"server_key.show", show_server_key},
    Row{"server_key.extend", extend_server_key},
    Row{"server_key.refresh", refresh_server_key},
    Row{"server_key.replace", replace_server_key},
    Row{"secret.list", list_secrets},
    Row{"secret.rotate", rotate_secret},
    Row{"secret.reseal", reseal_records},
    Row{"secret.retire", retire_secret},
    Row{"clock.accept", accept_clock},
};

Handler find_handler(std::string_view operation) {
  for (const Row& row : kHandlers) {
    if (row.operation == operation) return row.handler;
  }
  return nullptr;
}

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

Result<Json> dispatch(auth::Authenticator& authenticator, const Message& message) {
  const Operation* row = find_operation(message.operation);
  const Handler handler = find_handler(message.operation);
  if (row == nullptr || handler == nullptr) return fail(ErrorCode::unknown_operation, std::string(message.operation));
  TRY(judge_message(*row, message));
  return handler(authenticator, message);
}

auth::LogLevel level_of(ErrorCode code) {
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
  // Only a stick's copy may be whole later.
  if (!answer && answer.error().code == ErrorCode::file_incomplete && message.carrier == Carrier::http) {
    answer = fail(ErrorCode::malformed_message, answer.error().detail);
  }
  if (!answer) {
    authenticator_.count_refusal(answer.error().code);
    // A command says it itself.
    if (message.carrier != Carrier::local) {
      auth::log_event(level_of(answer.error().code), "refused",
                      {{"operation", message.operation},
                       {"code", name_of(answer.error().code)},
                       {"source", message.source},
                       {"detail", answer.error().detail}});
    }
  }
  return answer;
}

}  // namespace countersign::transport
