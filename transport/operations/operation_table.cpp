// Which operation, brought by which carriers, guarded and limited how, answering evenly or not, taking rights away or
// not, at most how many bytes of a body, carried out by whom: one table on one screen.
#include <algorithm>
#include <array>
#include <type_traits>

#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

constexpr std::uint8_t kHttp = static_cast<std::uint8_t>(Carrier::http);
constexpr std::uint8_t kCourier = static_cast<std::uint8_t>(Carrier::courier);
constexpr std::uint8_t kLocal = static_cast<std::uint8_t>(Carrier::local);
constexpr std::uint8_t kAny = kHttp | kCourier | kLocal;

constexpr std::size_t kSmall = 4u << 10;          // names and flags
constexpr std::size_t kResponse = 64u << 10;      // a signed response
constexpr std::size_t kCertificate = 128u << 10;  // a response with a certificate
constexpr std::size_t kLocalFile = 4u << 20;      // a certificate from a local file
constexpr std::size_t kExport = 64u << 20;        // a list of revocations, some 180 bytes a line

template <class Role>
Role& role_of(auth::Authenticator& auth) {
  if constexpr (std::is_same_v<Role, auth::Authenticator>) {
    return auth;
  } else {
    return auth.roles().get<Role>();
  }
}

template <class... Roles>
Result<Json> hand(Result<Json> (*handler)(const Message&, Roles&...), auth::Authenticator& auth,
                  const Message& message) {
  return handler(message, role_of<Roles>(auth)...);
}

// The handler with the roles that its parameters ask for.
template <auto kHandler>
Result<Json> served(auth::Authenticator& auth, const Message& message) {
  return hand(kHandler, auth, message);
}

// clang-format off
constexpr std::array kTable = {
    //         name                   carriers           guard                 limit             answer          rights              body, bytes handler
    Operation{"health.show",         kHttp,             Guard::none,          Limit::none,      Answer::plain,  Rights::kept,       0,            served<show_health>},
    Operation{"ready.show",          kHttp | kLocal,    Guard::none,          Limit::none,      Answer::plain,  Rights::kept,       0,            served<show_ready>},
    Operation{"server.show",         kAny,              Guard::none,          Limit::none,      Answer::plain,  Rights::kept,       0,            served<show_server>},
    Operation{"status.show",         kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<show_status>},
    Operation{"challenge.issue",     kAny,              Guard::none,          Limit::request,   Answer::even,   Rights::kept,       kCertificate, served<issue_challenge>},
    Operation{"account.enrol",       kHttp | kLocal,    Guard::none,          Limit::proof,     Answer::plain,  Rights::kept,       kCertificate, served<enrol_account>},
    Operation{"key.hand_out",        kHttp,             Guard::none,          Limit::proof,     Answer::even,   Rights::kept,       kResponse,    served<hand_out_key>},
    Operation{"account.hold",        kCourier,          Guard::none,          Limit::none,      Answer::plain,  Rights::kept,       kResponse,    served<hold_account>},
    Operation{"session.open",        kAny,              Guard::none,          Limit::proof,     Answer::even,   Rights::kept,       kResponse,    served<open_session>},
    Operation{"attempt.begin",       kHttp,             Guard::none,          Limit::request,   Answer::even,   Rights::kept,       kSmall,       served<begin_attempt>},
    Operation{"attempt.show",        kHttp,             Guard::none,          Limit::request,   Answer::even,   Rights::kept,       kSmall,       served<show_attempt>},
    Operation{"attempt.sign",        kHttp,             Guard::none,          Limit::proof,     Answer::even,   Rights::kept,       kResponse,    served<sign_attempt>},
    Operation{"attempt.enter",       kHttp,             Guard::none,          Limit::request,   Answer::even,   Rights::kept,       kSmall,       served<enter_code>},
    Operation{"attempt.answer",      kHttp,             Guard::none,          Limit::proof,     Answer::even,   Rights::kept,       kResponse,    served<answer_attempt>},
    Operation{"key.revoke",          kAny,              Guard::none,          Limit::proof,     Answer::even,   Rights::taken_away, kResponse,    served<revoke_key>},
    Operation{"key.rotate",          kAny,              Guard::none,          Limit::proof,     Answer::even,   Rights::taken_away, kCertificate, served<rotate_key>},
    Operation{"response.redeem",     kCourier | kLocal, Guard::none,          Limit::none,      Answer::plain,  Rights::taken_away, kCertificate, served<redeem_response>},
    Operation{"session.show",        kHttp,             Guard::bearer,        Limit::bad_token, Answer::plain,  Rights::kept,       0,            served<show_session>},
    Operation{"session.authz",       kHttp,             Guard::bearer,        Limit::bad_token, Answer::plain,  Rights::kept,       kSmall,          served<authorize_session>},
    Operation{"session.refresh",     kHttp,             Guard::bearer,        Limit::request,   Answer::plain,  Rights::kept,       kSmall,       served<refresh_session>},
    Operation{"session.end",         kHttp,             Guard::bearer,        Limit::bad_token, Answer::plain,  Rights::taken_away, kSmall,       served<end_session>},
    Operation{"session.list",        kHttp,             Guard::bearer,        Limit::bad_token, Answer::plain,  Rights::kept,       0,            served<list_sessions>},
    Operation{"session.end_all",     kHttp,             Guard::bearer,        Limit::bad_token, Answer::plain,  Rights::taken_away, kSmall,       served<end_all_sessions>},
    Operation{"session.end_one",     kHttp,             Guard::bearer,        Limit::bad_token, Answer::plain,  Rights::taken_away, kSmall,       served<end_one_session>},
    Operation{"account.add",         kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kLocalFile,   served<add_account>},
    Operation{"account.import",      kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<import_accounts>},
    Operation{"account.confirm",     kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<confirm_account>},
    Operation{"account.set",         kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kResponse,    served<set_account_profile>},
    Operation{"account.list",        kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<list_accounts>},
    Operation{"account.find",        kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<find_account>},
    Operation{"account.show",        kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<show_account>},
    Operation{"account.sessions",    kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<list_account_sessions>},
    Operation{"account.session",     kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<show_account_session>},
    Operation{"account.session_end", kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kSmall,       served<end_account_session>},
    Operation{"invite.new",          kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<make_invite>},
    Operation{"invite.list",         kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<list_invites>},
    Operation{"invite.show",         kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<show_invite>},
    Operation{"invite.renew",        kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<renew_invite>},
    Operation{"invite.cancel",       kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kSmall,       served<cancel_invite>},
    Operation{"invite.stolen",       kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kSmall,       served<report_stolen_invite>},
    Operation{"password.change",     kHttp,             Guard::none,          Limit::proof,     Answer::even,   Rights::kept,       kResponse,    served<change_password>},
    Operation{"password.set",        kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kResponse,    served<set_password>},
    Operation{"password.remove",     kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kSmall,       served<remove_password>},
    Operation{"account.revoke",      kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kSmall,       served<revoke_account>},
    Operation{"account.restore",     kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kLocalFile,   served<restore_account>},
    Operation{"account.rotate",      kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kLocalFile,   served<rotate_account>},
    Operation{"account.key",         kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<hand_out_account_key>},
    Operation{"account.delete",      kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kSmall,       served<delete_account>},
    Operation{"revocation.export",   kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<export_revocations>},
    Operation{"revocation.apply",    kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::taken_away, kExport,      served<apply_revocations>},
    Operation{"audit.list",          kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<list_audit>},
    Operation{"audit.verify",        kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<verify_audit>},
    Operation{"server_key.show",     kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<show_server_key>},
    Operation{"server_key.extend",   kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<extend_server_key>},
    Operation{"server_key.refresh",  kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<refresh_server_key>},
    Operation{"server_key.replace",  kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<replace_server_key>},
    Operation{"secret.list",         kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<list_secrets>},
    Operation{"secret.rotate",       kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<rotate_secret>},
    Operation{"secret.reseal",       kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<reseal_records>},
    Operation{"secret.retire",       kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<retire_secret>},
    Operation{"clock.accept",        kLocal,            Guard::administrator, Limit::none,      Answer::plain,  Rights::kept,       kSmall,       served<accept_clock>},
};
// clang-format on

}  // namespace

std::span<const Operation> operation_table() {
  return kTable;
}

const Operation* find_operation(std::string_view name) {
  const auto found = std::find_if(kTable.begin(), kTable.end(), [&](const Operation& row) { return row.name == name; });
  return found == kTable.end() ? nullptr : &*found;
}

}  // namespace countersign::transport
