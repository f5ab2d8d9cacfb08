#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {

Json account_key_fields(const auth::records::Account& account) {
  return Json::object()
      .set("account", account.id)
      .set("username", account.username)
      .set("state", name_of(account.state))
      .set("fingerprint", account.fingerprint.upper());
}

Json with_secret_key(Json fields, const Secret& secret_key) {
  return std::move(fields.set("secret_key", secret_key.reveal_text()));
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
  if (message.text.empty() && reader.has("password")) {
    TRY(check_carries_passwords(message));
    const auto password = TRY(take_password(reader, "password"));
    const auto name = TRY(take_name(reader));
    const std::string reason = TRY(reader.text("reason"));
    const std::string note = TRY(reader.text_or("note", ""));
    TRY(reader.finish());
    return write_revocation(TRY(auth.revoke(name, password, reason, note, visit_of(message))));
  }
  const auto taken = TRY(take_response(message));
  if (!taken.public_key.empty()) return fail(ErrorCode::malformed_message, "a revocation takes no certificate");
  return write_revocation(TRY(auth.revoke(taken.response, visit_of(message))));
}

Result<Json> rotate_key(auth::Authenticator& auth, const Message& message) {
  const auto fields = [](const auth::records::Account& account) {
    return Json::object().set("account", account.id).set("fingerprint", account.fingerprint.upper());
  };
  JsonReader reader(message.fields);
  if (message.text.empty() && reader.has("password")) {
    TRY(check_carries_passwords(message));
    const auto password = TRY(take_password(reader, "password"));
    const auto next = TRY(take_password(reader, "new_password"));
    const auto name = TRY(take_name(reader));
    TRY(reader.finish());
    const auto made = TRY(auth.rotate(name, password, next, visit_of(message)));
    return with_secret_key(fields(made.account), made.secret_key);
  }
  return fields(TRY(auth.rotate(TRY(take_rotation(message)), visit_of(message))));
}

Result<Json> redeem_response(auth::Authenticator& auth, const Message& message) {
  switch (TRY(auth.purpose_of(TRY(challenge_of(message))))) {
    case auth::records::Purpose::login:
      return open_session(auth, message);
    case auth::records::Purpose::enrol:
      return message.carrier == Carrier::courier ? hold_account(auth, message) : enrol_account(auth, message);
    case auth::records::Purpose::revoke:
      return revoke_key(auth, message);
    case auth::records::Purpose::rotate:
      return rotate_key(auth, message);
    case auth::records::Purpose::password:
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
  if (TRY(reader.boolean_or("managed", false))) {
    const auto next = TRY(take_password(reader, "password"));
    const bool escrow = TRY(reader.boolean_or("escrow", false));
    TRY(reader.finish());
    const auto made = TRY(auth.rotate_managed_account(account, next, escrow, visit_of(message)));
    return with_secret_key(account_key_fields(made.account), made.secret_key);
  }
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

Result<Json> hand_out_key(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const auto password = TRY(take_password(reader, "password"));
  const auto name = TRY(take_name(reader));
  TRY(reader.finish());
  return with_secret_key(Json::object(), TRY(auth.hand_out_key(name, password, visit_of(message))));
}

Result<Json> hand_out_account_key(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  TRY(reader.finish());
  return with_secret_key(Json::object(), TRY(auth.hand_out_key(account, visit_of(message))));
}

Result<Json> export_revocations(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  return Json::object().set("export", TRY(auth.export_revocations()));
}

Result<Json> apply_revocations(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  const auto applied = TRY(auth.apply_revocations(message.text, visit_of(message)));
  Json held = Json::array();
  for (const auto& key : applied.keys_held_elsewhere) {
    held.push(Json::object().set("fingerprint", key.fingerprint.upper()).set("account", key.account));
  }
  return Json::object()
      .set("number", applied.number)
      .set("new", applied.lines)
      .set("accounts", applied.accounts)
      .set("keys_held_elsewhere", std::move(held));
}

}  // namespace countersign::transport
