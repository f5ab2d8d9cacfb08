// A handler an operation: parse the message, call one method of auth, name the answer's fields.
#pragma once

#include "auth/authenticator.hpp"
#include "transport/operations/operation.hpp"

namespace countersign::transport {

using Handler = Result<Json> (*)(auth::Authenticator&, const Message&);

// server_handlers.cpp
Result<Json> show_health(auth::Authenticator& auth, const Message& message);
Result<Json> show_ready(auth::Authenticator& auth, const Message& message);
Result<Json> show_server(auth::Authenticator& auth, const Message& message);
Result<Json> accept_clock(auth::Authenticator& auth, const Message& message);
Result<Json> list_audit(auth::Authenticator& auth, const Message& message);
Result<Json> verify_audit(auth::Authenticator& auth, const Message& message);

// server_key_handlers.cpp
Result<Json> show_server_key(auth::Authenticator& auth, const Message& message);
Result<Json> extend_server_key(auth::Authenticator& auth, const Message& message);
Result<Json> refresh_server_key(auth::Authenticator& auth, const Message& message);
Result<Json> replace_server_key(auth::Authenticator& auth, const Message& message);

// secret_handlers.cpp
Result<Json> list_secrets(auth::Authenticator& auth, const Message& message);
Result<Json> rotate_secret(auth::Authenticator& auth, const Message& message);
Result<Json> reseal_records(auth::Authenticator& auth, const Message& message);
Result<Json> retire_secret(auth::Authenticator& auth, const Message& message);

// import_handlers.cpp
Result<Json> import_accounts(auth::Authenticator& auth, const Message& message);

// account_handlers.cpp
Result<Json> issue_challenge(auth::Authenticator& auth, const Message& message);
Result<Json> enrol_account(auth::Authenticator& auth, const Message& message);
Result<Json> hold_account(auth::Authenticator& auth, const Message& message);
Result<Json> add_account(auth::Authenticator& auth, const Message& message);
Result<Json> confirm_account(auth::Authenticator& auth, const Message& message);
Result<Json> list_accounts(auth::Authenticator& auth, const Message& message);
Result<Json> show_account(auth::Authenticator& auth, const Message& message);

// password_handlers.cpp
Result<Json> change_password(auth::Authenticator& auth, const Message& message);
Result<Json> set_password(auth::Authenticator& auth, const Message& message);
Result<Json> remove_password(auth::Authenticator& auth, const Message& message);

// key_handlers.cpp
Result<Json> revoke_key(auth::Authenticator& auth, const Message& message);
Result<Json> rotate_key(auth::Authenticator& auth, const Message& message);
Result<Json> redeem_response(auth::Authenticator& auth, const Message& message);
Result<Json> revoke_account(auth::Authenticator& auth, const Message& message);
Result<Json> restore_account(auth::Authenticator& auth, const Message& message);
Result<Json> rotate_account(auth::Authenticator& auth, const Message& message);
Result<Json> delete_account(auth::Authenticator& auth, const Message& message);
Result<Json> hand_out_key(auth::Authenticator& auth, const Message& message);
Result<Json> hand_out_account_key(auth::Authenticator& auth, const Message& message);
Result<Json> export_revocations(auth::Authenticator& auth, const Message& message);
Result<Json> apply_revocations(auth::Authenticator& auth, const Message& message);

// session_handlers.cpp
Result<Json> open_session(auth::Authenticator& auth, const Message& message);
Result<Json> show_session(auth::Authenticator& auth, const Message& message);
Result<Json> authorize_session(auth::Authenticator& auth, const Message& message);
Result<Json> refresh_session(auth::Authenticator& auth, const Message& message);
Result<Json> end_session(auth::Authenticator& auth, const Message& message);
Result<Json> list_sessions(auth::Authenticator& auth, const Message& message);
Result<Json> end_all_sessions(auth::Authenticator& auth, const Message& message);
Result<Json> end_one_session(auth::Authenticator& auth, const Message& message);
Result<Json> list_account_sessions(auth::Authenticator& auth, const Message& message);
Result<Json> show_account_session(auth::Authenticator& auth, const Message& message);
Result<Json> end_account_session(auth::Authenticator& auth, const Message& message);

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

}  // namespace countersign::transport
