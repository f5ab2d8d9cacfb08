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

Result<Json> change_password(auth::Authenticator& auth, const Message& message) {
  if (!message.text.empty()) {
    return fail(ErrorCode::malformed_message, "the new password comes beside the response: {response, new_password}");
  }
  JsonReader reader(message.fields);
  const auto next = TRY(take_password(reader, "new_password"));
  if (reader.has("password")) {
    const auto password = TRY(take_password(reader, "password"));
    const auto name = TRY(take_name(reader));
    TRY(reader.finish());
    TRY(auth.change_password(name, password, next, visit_of(message)));
    return Json();
  }
  const auto taken = TRY(take_response(reader));
  TRY(reader.finish());
  if (!taken.public_key.empty()) return fail(ErrorCode::malformed_message, "a change of password takes no certificate");
  TRY(auth.change_password(taken.response, next, visit_of(message)));
  return Json();
}

Result<Json> set_password(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const auto name = TRY(take_name(reader));
  const auto next = TRY(take_password(reader, "password"));
  TRY(reader.finish());
  TRY(auth.set_password(name, next, visit_of(message)));
  return Json();
}

Result<Json> remove_password(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const auto name = TRY(take_name(reader));
  TRY(reader.finish());
  TRY(auth.remove_password(name, visit_of(message)));
  return Json();
}

}  // namespace countersign::transport
