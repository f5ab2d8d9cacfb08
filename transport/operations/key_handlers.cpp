#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {

Json account_key_fields(const auth::Account& account) {
  return Json::object()
      .set("account", account.id)
      .set("username", account.username)
      .set("state", name_of(account.state))
      .set("fingerprint", account.fingerprint.upper());
}

Result<Json> revoke_key(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  if (message.text.empty() && reader.has("revocation_certificate")) {
    const std::string account = TRY(take_account(reader));
    const std::string revocation = TRY(reader.text("revocation_certificate"));
    TRY(reader.finish());
    // A stranger is told nothing of who has an account; an administrator mistyped a name.
    if (message.carrier == Carrier::local) TRY(auth.show_account(account));
    return write_revocation(TRY(auth.revoke_by_certificate(account, revocation, visit_of(message))));
  }
  const auto taken = TRY(take_response(message));
  if (!taken.public_key.empty()) return fail(ErrorCode::malformed_message, "a revocation takes no certificate");
  return write_revocation(TRY(auth.revoke(taken.response, visit_of(message))));
}

Result<Json> rotate_key(auth::Authenticator& auth, const Message& message) {
  const auto account = TRY(auth.rotate(TRY(take_rotation(message)), visit_of(message)));
  return Json::object().set("account", account.id).set("fingerprint", account.fingerprint.upper());
}

Result<Json> redeem_response(auth::Authenticator& auth, const Message& message) {
  switch (TRY(auth.purpose_of(TRY(challenge_of(message))))) {
    case auth::Purpose::login:
      return open_session(auth, message);
    case auth::Purpose::enrol:
      return message.carrier == Carrier::courier ? hold_account(auth, message) : enrol_account(auth, message);
    case auth::Purpose::revoke:
      return revoke_key(auth, message);
    case auth::Purpose::rotate:
      return rotate_key(auth, message);
    case auth::Purpose::password:
      break;
  }
  return fail(ErrorCode::challenge_of_another_purpose, "nothing here is done by such a response");
}

Result<Json> revoke_account(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const std::string reason = TRY(reader.text("reason"));
  const std::string note = TRY(reader.text_or("note", ""));
  TRY(reader.finish());
  return write_revocation(TRY(auth.revoke_account(account, reason, note, visit_of(message))));
}

Result<Json> restore_account(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const std::string public_key = TRY(reader.text_or("public_key", ""));
  TRY(reader.finish());
  return account_key_fields(TRY(auth.restore_account(account, public_key, visit_of(message))));
}

Result<Json> rotate_account(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const std::string public_key = TRY(reader.text("public_key"));
  TRY(reader.finish());
  return account_key_fields(TRY(auth.rotate_account(account, public_key, visit_of(message))));
}

Result<Json> delete_account(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  TRY(reader.finish());
  return account_key_fields(TRY(auth.delete_account(account, visit_of(message))));
}

Result<Json> export_revocations(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  return Json::object().set("export", TRY(auth.export_revocations()));
}

Result<Json> apply_revocations(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  const auto applied = TRY(auth.apply_revocations(message.text, visit_of(message)));
  return Json::object().set("number", applied.number).set("new", applied.lines).set("accounts", applied.accounts);
}

}  // namespace countersign::transport
