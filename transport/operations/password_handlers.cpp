#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {

Result<auth::passwords::Password> take_password(JsonReader& reader, std::string_view member) {
  return auth::passwords::Password::admit(TRY(reader.secret(member)));
}

Status check_carries_passwords(const Message& message) {
  if (message.carrier == Carrier::http) return ok();
  return fail(ErrorCode::carrier_not_allowed, "a password is taken by HTTP only");
}

Result<Json> change_password(const Message& message, auth::accounts::Passwords& passwords) {
  if (!message.text.empty()) {
    return fail(ErrorCode::malformed_message, "the new password comes beside the response: {response, new_password}");
  }
  JsonReader reader(message.fields);
  const auto next = TRY(take_password(reader, "new_password"));
  if (reader.has("password")) {
    const auto password = TRY(take_password(reader, "password"));
    const std::string account = TRY(take_account(reader));
    TRY(reader.finish());
    TRY(passwords.change(account, password, next, visit_of(message)));
    return Json();
  }
  const auto taken = TRY(take_response(reader));
  TRY(reader.finish());
  if (!taken.public_key.empty()) return fail(ErrorCode::malformed_message, "a change of password takes no certificate");
  TRY(passwords.change(taken.response, next, visit_of(message)));
  return Json();
}

Result<Json> set_password(const Message& message, auth::accounts::Passwords& passwords) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const auto next = TRY(take_password(reader, "password"));
  TRY(reader.finish());
  TRY(passwords.set(account, next, visit_of(message)));
  return Json();
}

Result<Json> remove_password(const Message& message, auth::accounts::Passwords& passwords) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  TRY(reader.finish());
  TRY(passwords.remove(account, visit_of(message)));
  return Json();
}

}  // namespace countersign::transport
