// A handler an operation: parse the message, call one method of a role of auth, name the answer's fields. Behind the
// message stand the roles that it needs.
#pragma once

#include "auth/authenticator.hpp"
#include "transport/operations/operation.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {

// server_handlers.cpp
Result<Json> show_health(const Message& message);
Result<Json> show_ready(const Message& message, auth::Authenticator& auth);
Result<Json> show_status(const Message& message, auth::Authenticator& auth, const auth::Context& context);
Result<Json> show_server(const Message& message, const auth::Context& context);
Result<Json> accept_clock(const Message& message, const auth::Context& context);

// audit_handlers.cpp
Result<Json> list_audit(const Message& message, const auth::Context& context);
Result<Json> verify_audit(const Message& message, auth::records::Audit& audit);

// server_key_handlers.cpp
Result<Json> show_server_key(const Message& message, auth::upkeep::KeyUpkeep& upkeep);
Result<Json> extend_server_key(const Message& message, auth::upkeep::KeyUpkeep& upkeep);
Result<Json> refresh_server_key(const Message& message, auth::upkeep::KeyUpkeep& upkeep);
Result<Json> replace_server_key(const Message& message, auth::upkeep::KeyUpkeep& upkeep);

// secret_handlers.cpp
Result<Json> list_secrets(const Message& message, auth::upkeep::SecretUpkeep& upkeep);
Result<Json> rotate_secret(const Message& message, auth::upkeep::SecretUpkeep& upkeep);
Result<Json> reseal_records(const Message& message, auth::upkeep::SecretUpkeep& upkeep);
Result<Json> retire_secret(const Message& message, auth::upkeep::SecretUpkeep& upkeep);

// import_handlers.cpp
Result<Json> import_accounts(const Message& message, auth::accounts::LegacyImport& importing);

// account_handlers.cpp
Result<Json> issue_challenge(const Message& message, auth::proving::Issuing& issuing);
Result<Json> enrol_account(const Message& message, auth::accounts::Enrolment& enrolment);
Result<Json> hold_account(const Message& message, auth::accounts::Enrolment& enrolment);
Result<Json> add_account(const Message& message, auth::accounts::Enrolment& enrolment);
Result<Json> confirm_account(const Message& message, auth::accounts::Enrolment& enrolment);
Result<Json> set_account_profile(const Message& message, const auth::Context& context);
Result<Json> list_accounts(const Message& message, const auth::Context& context, auth::accounts::Enrolment& enrolment);
Result<Json> show_account(const Message& message, auth::records::Accounts& accounts, auth::proving::Issuing& issuing);
Result<Json> find_account(const Message& message, const auth::Context& context);

// invite_handlers.cpp
Result<Json> make_invite(const Message& message, const auth::Context& context, auth::invites::Invites& invites);
Result<Json> list_invites(const Message& message, const auth::Context& context, auth::invites::Invites& invites);
Result<Json> show_invite(const Message& message, const auth::Context& context, auth::invites::Invites& invites);
Result<Json> renew_invite(const Message& message, const auth::Context& context, auth::invites::Invites& invites);
Result<Json> cancel_invite(const Message& message, const auth::Context& context, auth::invites::Invites& invites);
Result<Json> report_stolen_invite(const Message& message, const auth::Context& context,
                                  auth::invites::Invites& invites);

// password_handlers.cpp
Result<Json> change_password(const Message& message, auth::accounts::Passwords& passwords);
Result<Json> set_password(const Message& message, auth::accounts::Passwords& passwords);
Result<Json> remove_password(const Message& message, auth::accounts::Passwords& passwords);

// key_handlers.cpp
Result<Json> revoke_key(const Message& message, auth::keys::Revocation& revocation, auth::records::Accounts& accounts);
Result<Json> rotate_key(const Message& message, auth::keys::Rotation& rotation);
Result<Json> redeem_response(const Message& message, auth::sessions::Login& login, auth::accounts::Enrolment& enrolment,
                             auth::keys::Revocation& revocation, auth::keys::Rotation& rotation);
Result<Json> revoke_account(const Message& message, auth::keys::Revocation& revocation);
Result<Json> restore_account(const Message& message, auth::keys::Revocation& revocation);
Result<Json> rotate_account(const Message& message, auth::keys::Rotation& rotation);
Result<Json> delete_account(const Message& message, auth::accounts::Deletion& deletion);
Result<Json> hand_out_key(const Message& message, auth::keys::Escrow& escrow);
Result<Json> hand_out_account_key(const Message& message, auth::keys::Escrow& escrow);
Result<Json> export_revocations(const Message& message, auth::keys::RevocationExporting& exporting);
Result<Json> apply_revocations(const Message& message, auth::keys::RevocationExporting& exporting);

// session_handlers.cpp
Result<Json> open_session(const Message& message, auth::sessions::Login& login, auth::accounts::Passwords& passwords);
Result<Json> show_session(const Message& message, auth::sessions::Sessions& sessions);
Result<Json> authorize_session(const Message& message, auth::sessions::Sessions& sessions);
Result<Json> refresh_session(const Message& message, auth::sessions::Sessions& sessions);
Result<Json> end_session(const Message& message, auth::sessions::Sessions& sessions);
Result<Json> list_sessions(const Message& message, auth::sessions::Sessions& sessions);
Result<Json> end_all_sessions(const Message& message, auth::sessions::Sessions& sessions);
Result<Json> end_one_session(const Message& message, auth::sessions::Sessions& sessions);
Result<Json> list_account_sessions(const Message& message, const auth::Context& context,
                                   auth::sessions::Sessions& sessions);
Result<Json> show_account_session(const Message& message, const auth::Context& context,
                                  auth::sessions::Sessions& sessions);
Result<Json> end_account_session(const Message& message, const auth::Context& context,
                                 auth::sessions::Sessions& sessions);

// attempt_handlers.cpp
Result<Json> begin_attempt(const Message& message, const auth::Context& context, auth::proving::Issuing& issuing);
Result<Json> show_attempt(const Message& message, const auth::Context& context, auth::proving::Issuing& issuing);
Result<Json> sign_attempt(const Message& message, auth::sessions::BrowserLogin& login);
Result<Json> enter_code(const Message& message, const auth::Context& context, auth::sessions::BrowserLogin& login);
Result<Json> answer_attempt(const Message& message, const auth::Context& context, auth::sessions::Login& login);

// What an operation on an account's key says of it.
Json account_key_fields(const auth::records::Account& account);
// The secret key that goes with an answer, once.
Json with_secret_key(Json fields, const Secret& secret_key);
// A password in clear is for HTTP alone: by stick it would lie about, and whoever sits at the machine needs none.
Status check_carries_passwords(const Message& message);

auth::Visit visit_of(const Message& message);
// Takes `username` or `account`, not resolved yet.
Result<auth::records::AccountName> take_name(JsonReader& reader);
// A member that is a password. malformed_message.
Result<auth::passwords::Password> take_password(JsonReader& reader, std::string_view member);
// Takes `username` or `account` and gives the account id.
Result<std::string> take_account(JsonReader& reader);

// A session that was opened, with its token.
Json token_fields(const auth::sessions::RefreshedSession& opened);

// What is done by a response alone, whose challenge was made for it: by the operation of that name, and by
// response.redeem, which finds it by the purpose.
Result<Json> open_session_by(const ResponseFields& taken, const auth::Visit& visit, auth::sessions::Login& login);
Result<Json> enrol_account_by(const ResponseFields& taken, const auth::Visit& visit,
                              auth::accounts::Enrolment& enrolment,
                              const std::optional<auth::passwords::Password>& password, const Secret& invite);
Result<Json> hold_account_by(const ResponseFields& taken, const auth::Visit& visit,
                             auth::accounts::Enrolment& enrolment);
Result<Json> revoke_key_by(const ResponseFields& taken, const auth::Visit& visit, auth::keys::Revocation& revocation);
Result<Json> rotate_key_by(const auth::keys::RotationResponse& taken, const auth::Visit& visit,
                           auth::keys::Rotation& rotation);

}  // namespace countersign::transport
