#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {
namespace {

Json rotated_fields(const auth::records::Account& account) {
  return Json::object().set("account", account.id).set("fingerprint", account.fingerprint.upper());
}

}  // namespace

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

Result<Json> revoke_key(const Message& message, auth::keys::Revocation& revocation, auth::records::Accounts& accounts) {
  JsonReader reader(message.fields);
  if (message.text.empty() && reader.has("revocation_certificate")) {
    const std::string account = TRY(take_account(reader));
    const std::string certificate = TRY(reader.text("revocation_certificate"));
    TRY(reader.finish());
    // A stranger is told nothing of who has an account; an administrator mistyped a name.
    if (message.carrier == Carrier::local) TRY(accounts.show(account));
    return write_revocation(TRY(revocation.by_certificate(account, certificate, visit_of(message))));
  }
  if (message.text.empty() && reader.has("password")) {
    TRY(check_carries_passwords(message));
    const auto password = TRY(take_password(reader, "password"));
    const std::string account = TRY(take_account(reader));
    const std::string reason = TRY(reader.text("reason"));
    const std::string note = TRY(reader.text_or("note", ""));
    TRY(reader.finish());
    return write_revocation(TRY(revocation.by_password(account, password, reason, note, visit_of(message))));
  }
  return revoke_key_by(TRY(take_response(message)), visit_of(message), revocation);
}

Result<Json> revoke_key_by(const ResponseFields& taken, const auth::Visit& visit, auth::keys::Revocation& revocation) {
  if (!taken.public_key.empty()) return fail(ErrorCode::malformed_message, "a revocation takes no certificate");
  return write_revocation(TRY(revocation.by_statement(taken.response, visit)));
}

Result<Json> rotate_key(const Message& message, auth::keys::Rotation& rotation) {
  JsonReader reader(message.fields);
  if (message.text.empty() && reader.has("password")) {
    TRY(check_carries_passwords(message));
    const auto password = TRY(take_password(reader, "password"));
    const auto next = TRY(take_password(reader, "new_password"));
    const std::string account = TRY(take_account(reader));
    TRY(reader.finish());
    const auto made = TRY(rotation.by_password(account, password, next, visit_of(message)));
    return with_secret_key(rotated_fields(made.account), made.secret_key);
  }
  return rotate_key_by(TRY(rotation_response(TRY(take_responses(message)))), visit_of(message), rotation);
}

Result<Json> rotate_key_by(const auth::keys::RotationResponse& taken, const auth::Visit& visit,
                           auth::keys::Rotation& rotation) {
  return rotated_fields(TRY(rotation.by_statement(taken, visit)));
}

Result<Json> redeem_response(const Message& message, auth::sessions::Login& login, auth::accounts::Enrolment& enrolment,
                             auth::keys::Revocation& revocation, auth::keys::Rotation& rotation) {
  auto taken = TRY(take_responses(message));
  const auth::Visit visit = visit_of(message);
  switch (TRY(auth::records::purpose_claimed_in(taken.responses.front().challenge))) {
    case auth::records::Purpose::login:
      return open_session_by(TRY(one_response(std::move(taken))), visit, login);
    case auth::records::Purpose::enrol: {
      const auto one = TRY(one_response(std::move(taken)));
      if (message.carrier == Carrier::courier) return hold_account_by(one, visit, enrolment);
      return enrol_account_by(one, visit, enrolment, std::nullopt, Secret());
    }
    case auth::records::Purpose::revoke:
      return revoke_key_by(TRY(one_response(std::move(taken))), visit, revocation);
    case auth::records::Purpose::rotate:
      return rotate_key_by(TRY(rotation_response(std::move(taken))), visit, rotation);
    case auth::records::Purpose::password:
      break;
  }
  return fail(ErrorCode::challenge_of_another_purpose, "nothing here is done by such a response");
}

Result<Json> revoke_account(const Message& message, auth::keys::Revocation& revocation) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const std::string reason = TRY(reader.text("reason"));
  const std::string note = TRY(reader.text_or("note", ""));
  TRY(reader.finish());
  return write_revocation(TRY(revocation.by_administrator(account, reason, note, visit_of(message))));
}

Result<Json> restore_account(const Message& message, auth::keys::Revocation& revocation) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  const std::string public_key = TRY(reader.text_or("public_key", ""));
  TRY(reader.finish());
  return account_key_fields(TRY(revocation.restore(account, public_key, visit_of(message))));
}

Result<Json> rotate_account(const Message& message, auth::keys::Rotation& rotation) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  if (TRY(reader.boolean_or("managed", false))) {
    const auto next = TRY(take_password(reader, "password"));
    const bool escrow = TRY(reader.boolean_or("escrow", false));
    TRY(reader.finish());
    const auto made = TRY(rotation.managed_by_administrator(account, next, escrow, visit_of(message)));
    return with_secret_key(account_key_fields(made.account), made.secret_key);
  }
  const std::string public_key = TRY(reader.text("public_key"));
  TRY(reader.finish());
  return account_key_fields(TRY(rotation.by_administrator(account, public_key, visit_of(message))));
}

Result<Json> delete_account(const Message& message, auth::accounts::Deletion& deletion) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  TRY(reader.finish());
  return account_key_fields(TRY(deletion.by_administrator(account, visit_of(message))));
}

Result<Json> hand_out_key(const Message& message, auth::keys::Escrow& escrow) {
  JsonReader reader(message.fields);
  const auto password = TRY(take_password(reader, "password"));
  const std::string account = TRY(take_account(reader));
  TRY(reader.finish());
  return with_secret_key(Json::object(), TRY(escrow.by_password(account, password, visit_of(message))));
}

Result<Json> hand_out_account_key(const Message& message, auth::keys::Escrow& escrow) {
  JsonReader reader(message.fields);
  const std::string account = TRY(take_account(reader));
  TRY(reader.finish());
  return with_secret_key(Json::object(), TRY(escrow.by_administrator(account, visit_of(message))));
}

Result<Json> export_revocations(const Message& message, auth::keys::RevocationExporting& exporting) {
  TRY(JsonReader(message.fields).finish());
  return Json::object().set("export", TRY(exporting.make()));
}

Result<Json> apply_revocations(const Message& message, auth::keys::RevocationExporting& exporting) {
  TRY(JsonReader(message.fields).finish());
  const auto applied = TRY(exporting.apply(message.text, visit_of(message)));
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
