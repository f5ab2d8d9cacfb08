#include <algorithm>
#include <tuple>

#include "auth/accounts/profiles.hpp"
#include "auth/openpgp/gate/clear_signed.hpp"
#include "auth/records/id_prefixes.hpp"
#include "auth/records/revocation_record.hpp"
#include "storage/base/text.hpp"
#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {
namespace {

constexpr std::int64_t kListMax = 10'000;

Json account_fields(const auth::records::Account& account) {
  return Json::object()
      .set("account", account.id)
      .set("username", account.username)
      .set("state", name_of(account.state))
      .set("fingerprint", account.fingerprint.upper())
      .set("created_at", format_time(account.created_at));
}

Json enrolled_fields(const auth::records::Account& account) {
  return Json::object()
      .set("account", account.id)
      .set("username", account.username)
      .set("fingerprint", account.fingerprint.upper());
}

// What the certificate was stripped of, where there is something: its owner may miss it.
Json enrolled_fields(const auth::accounts::Enrolled& enrolled) {
  Json fields = enrolled_fields(enrolled.account);
  if (enrolled.how != auth::accounts::EnrolledAs::added) fields.set("certificate", name_of(enrolled.how));
  if (enrolled.left_out.empty()) return fields;
  Json left_out = Json::array();
  for (const std::string& what : enrolled.left_out) left_out.push(what);
  return std::move(fields.set("left_out", std::move(left_out)));
}

Json held_fields(const auth::accounts::HeldEnrolment& held) {
  Json user_ids = Json::array();
  for (const std::string& user_id : held.user_ids) user_ids.push(escape_for_display(user_id));
  return Json::object()
      .set("fingerprint", held.fingerprint.upper())
      .set("username", held.username)
      .set("held_at", format_time(held.held_at))
      .set("user_ids", std::move(user_ids));
}

Json managed_fields(const auth::keys::ManagedAccount& made) {
  return with_secret_key(enrolled_fields(made.account), made.secret_key);
}

// The members of an account whose key is to be made here; `managed` itself is true or left out.
Result<Json> add_managed(auth::accounts::Enrolment& enrolment, JsonReader& reader, const Message& message) {
  if (!TRY(reader.boolean_or("managed", false))) {
    return fail(ErrorCode::malformed_message, "'managed' is true or left out");
  }
  const std::string username = TRY(reader.text("username"));
  const bool escrow = TRY(reader.boolean_or("escrow", false));
  const bool show_key_id = TRY(reader.boolean_or("show_key_id", false));
  const auto password = TRY(take_password(reader, "password"));
  TRY(reader.finish());
  return managed_fields(TRY(enrolment.add_managed({username, password, escrow, show_key_id}, visit_of(message))));
}

Json held_answer(const auth::accounts::HeldEnrolment& held) {
  Json answer = Json::object().set("held", held.fingerprint.upper());
  if (!held.account.empty()) answer.set("account", held.account);
  return answer;
}

// One damaged record must not hide the others: its state says what is wrong with it.
Json listed_fields(auth::records::Accounts& accounts, const std::string& id) {
  const auto stored = accounts.find(id);
  if (stored && *stored) return account_fields((*stored)->account);
  return Json::object()
      .set("account", id)
      .set("username", "")
      .set("state", countersign::name_of(stored ? ErrorCode::not_found : stored.error().code))
      .set("fingerprint", "")
      .set("created_at", "");
}

// In pages, which go by account id; a page is in the order of the usernames, and what has none comes last.
struct AccountPage {
  Json::Array accounts;
  std::string next;  // the last account id of the page; empty where nothing follows
};

void sort_by_name(Json::Array& accounts) {
  const auto place = [](const Json& account) {
    const std::string& username = *account.find("username")->string();
    return std::tuple(username.empty(), std::string_view(username),
                      std::string_view(*account.find("account")->string()));
  };
  std::sort(accounts.begin(), accounts.end(), [&](const Json& a, const Json& b) { return place(a) < place(b); });
}

Result<AccountPage> read_page(auth::records::Accounts& accounts, std::string after, std::size_t limit, bool all) {
  AccountPage page;
  std::string last;
  while (true) {
    const auto ids = TRY(accounts.list(after, limit + 1));
    for (const std::string& id : ids) {
      after = id;
      Json fields = listed_fields(accounts, id);
      if (!all && *fields.find("state")->string() == name_of(auth::records::AccountState::deleted)) continue;
      if (page.accounts.size() == limit) {
        page.next = last;
        break;
      }
      page.accounts.push_back(std::move(fields));
      last = id;
    }
    if (ids.size() <= limit || !page.next.empty()) break;
  }
  sort_by_name(page.accounts);
  return page;
}

// When, why and by what a revoked account's key was revoked: null where its record is gone, and what is wrong with it
// where it is damaged.
Json revocation_fields(auth::records::Accounts& accounts, const std::string& id) {
  const auto read = [&]() -> Result<Json> {
    const auto stored = TRY(accounts.find(id));
    const auto bytes =
        stored ? TRY(accounts.read_part(*stored, auth::records::AccountPart::revocation)) : std::optional<Bytes>();
    if (!bytes) return Json();
    const auto record = TRY(auth::records::parse_revocation(as_text(*bytes)));
    return Json::object()
        .set("at", format_time(record.revoked_at))
        .set("reason", record.reason)
        .set("note", record.note)
        .set("by", record.by);
  };
  const auto fields = read();
  return fields ? *fields : Json(countersign::name_of(fields.error().code));
}

// What a client gets that does not say: the transport by which it asks.
std::string_view default_transport(Carrier carrier) {
  return carrier == Carrier::http ? "http" : "courier";
}

// Left out or not empty: what is there and empty would count as left out.
Result<std::string> take_if_any(JsonReader& reader, std::string_view member) {
  std::string text = TRY(reader.text_or(member, ""));
  if (text.empty() && reader.has(member)) {
    return fail(ErrorCode::malformed_message, "'" + std::string(member) + "' is empty");
  }
  return text;
}

Status refuse_for(auth::records::Purpose takes, auth::records::Purpose asked, std::string_view member) {
  return fail(ErrorCode::malformed_message, "'" + std::string(member) + "' goes with the purpose " +
                                                std::string(name_of(takes)) + ", not with " +
                                                std::string(name_of(asked)));
}

// A member that one purpose takes. Read over in another, it would let its owner sign what they did not mean.
Result<std::string> take_for(auth::records::Purpose takes, auth::records::Purpose asked, JsonReader& reader,
                             std::string_view member) {
  if (takes != asked && reader.has(member)) TRY(refuse_for(takes, asked, member));
  return reader.text_or(member, "");
}

// The secret of an invite, of whatever form: one that is none is denied as one that opens nothing is.
Result<Secret> take_invite(JsonReader& reader) {
  Secret invite = TRY(reader.secret("invite"));
  if (invite.empty()) return fail(ErrorCode::malformed_message, "'invite' is empty");
  return invite;
}

}  // namespace

Result<auth::records::AccountName> take_name(JsonReader& reader) {
  auth::records::AccountName name;
  name.username = TRY(take_if_any(reader, "username"));
  name.account = TRY(take_if_any(reader, "account"));
  return name;
}

Result<std::string> take_account(JsonReader& reader) {
  return auth::records::resolve(TRY(take_name(reader)));
}

Result<Json> issue_challenge(const Message& message, auth::proving::Issuing& issuing) {
  JsonReader reader(message.fields);
  auth::proving::ChallengeRequest request;
  request.name = TRY(take_name(reader));
  const auto purpose = auth::records::purpose_named(TRY(reader.text_or("purpose", "login")));
  const auto transport =
      auth::records::transport_named(TRY(reader.text_or("transport", default_transport(message.carrier))));
  if (!purpose) return fail(ErrorCode::malformed_message, "'purpose' is login, enrol, rotate, revoke or password");
  if (!transport || *transport == auth::records::Transport::browser) {
    return fail(ErrorCode::malformed_message, "'transport' is http or courier");
  }
  if (message.carrier != Carrier::http && *transport != auth::records::Transport::courier) {
    return fail(ErrorCode::malformed_message, "a challenge by hand or by stick has the transport courier");
  }
  request.purpose = *purpose;
  request.transport = *transport;
  request.public_key = TRY(take_for(auth::records::Purpose::enrol, *purpose, reader, "public_key"));
  request.new_public_key = TRY(take_for(auth::records::Purpose::rotate, *purpose, reader, "new_public_key"));
  request.reason = TRY(take_for(auth::records::Purpose::revoke, *purpose, reader, "reason"));
  if (reader.has("invite")) {
    if (*purpose != auth::records::Purpose::enrol) TRY(refuse_for(auth::records::Purpose::enrol, *purpose, "invite"));
    request.invite = TRY(take_invite(reader));
  }
  TRY(reader.finish());
  const auto issued = TRY(issuing.issue(request, visit_of(message)));
  return Json::object().set("challenge_message", issued.message).set("expires_at", format_time(issued.term.expires_at));
}

Result<Json> enrol_account(const Message& message, auth::accounts::Enrolment& enrolment) {
  if (!message.text.empty()) {
    return enrol_account_by(TRY(take_response(message)), visit_of(message), enrolment, std::nullopt, Secret());
  }
  JsonReader reader(message.fields);
  if (reader.has("managed")) {
    TRY(check_carries_passwords(message));
    return add_managed(enrolment, reader, message);
  }
  std::optional<auth::passwords::Password> password;
  if (reader.has("password")) password = TRY(take_password(reader, "password"));
  const Secret invite = reader.has("invite") ? TRY(take_invite(reader)) : Secret();
  const auto taken = TRY(take_response(reader));
  TRY(reader.finish());
  return enrol_account_by(taken, visit_of(message), enrolment, password, invite);
}

Result<Json> enrol_account_by(const ResponseFields& taken, const auth::Visit& visit,
                              auth::accounts::Enrolment& enrolment,
                              const std::optional<auth::passwords::Password>& password, const Secret& invite) {
  if (taken.public_key.empty()) return fail(ErrorCode::malformed_message, "the certificate is missing");
  return enrolled_fields(TRY(enrolment.enrol(taken.response, taken.public_key, visit, password, invite)));
}

Result<Json> hold_account(const Message& message, auth::accounts::Enrolment& enrolment) {
  if (message.text.find(auth::openpgp::gate::kClearSignedHeader) != std::string::npos) {
    return hold_account_by(TRY(take_response(message)), visit_of(message), enrolment);
  }
  TRY(JsonReader(message.fields).finish());
  return held_answer(TRY(enrolment.hold(std::nullopt, message.text, visit_of(message))));
}

Result<Json> hold_account_by(const ResponseFields& taken, const auth::Visit& visit,
                             auth::accounts::Enrolment& enrolment) {
  return held_answer(TRY(enrolment.hold(taken.response, taken.public_key, visit)));
}

Result<Json> add_account(const Message& message, auth::accounts::Enrolment& enrolment) {
  JsonReader reader(message.fields);
  if (reader.has("managed")) return add_managed(enrolment, reader, message);
  auth::accounts::NewAccount request;
  request.username = TRY(reader.text("username"));
  request.public_key = TRY(reader.text("public_key"));
  request.show_key_id = TRY(reader.boolean_or("show_key_id", false));
  if (reader.has("password")) request.password = TRY(take_password(reader, "password"));
  request.profile = TRY(auth::records::parse_profile(reader));
  request.metadata_later = TRY(reader.boolean_or("metadata_later", false));
  TRY(reader.finish());
  return enrolled_fields(TRY(enrolment.add(request, visit_of(message))));
}

Result<Json> confirm_account(const Message& message, auth::accounts::Enrolment& enrolment) {
  JsonReader reader(message.fields);
  auth::accounts::Confirmation confirmed;
  confirmed.fingerprint = TRY(auth::Fingerprint::parse(TRY(reader.text("fingerprint"))));
  confirmed.username = TRY(reader.text("username"));
  confirmed.show_key_id = TRY(reader.boolean_or("show_key_id", false));
  TRY(reader.finish());
  return enrolled_fields(TRY(enrolment.confirm(confirmed, visit_of(message))));
}

Result<Json> set_account_profile(const Message& message, const auth::Context& context) {
  JsonReader reader(message.fields);
  const std::string id = TRY(take_account(reader));
  auth::accounts::ProfileChange change;
  const bool has_groups = reader.has("groups");
  const bool has_email = reader.has("email");
  const bool has_display_name = reader.has("display_name");
  const auth::records::Profile given = TRY(auth::records::parse_profile(reader));
  if (has_groups) change.groups = given.groups;
  if (has_email) change.email = given.email;
  if (has_display_name) change.display_name = given.display_name;
  TRY(reader.finish());
  const auto account = TRY(auth::accounts::change_profile(context, id, change, visit_of(message)));
  Json answer = Json::object().set("account", account.id).set("username", account.username);
  write_profile(account.profile, answer);
  return answer;
}

Result<Json> list_accounts(const Message& message, const auth::Context& context, auth::accounts::Enrolment& enrolment) {
  JsonReader reader(message.fields);
  std::string after = TRY(reader.text_or("after", ""));
  const std::int64_t limit = TRY(reader.integer_or("limit", 1000));
  const bool all = TRY(reader.boolean_or("all", false));
  TRY(reader.finish());
  if (limit < 1 || limit > kListMax) return fail(ErrorCode::malformed_message, "'limit' is 1 to 10000");
  const bool first = after.empty();
  if (!first) after = TRY(auth::records::find_account_by_id(context.medium, context.accounts, after));
  auto page = TRY(read_page(context.accounts, std::move(after), static_cast<std::size_t>(limit), all));
  Json answer = Json::object().set("accounts", std::move(page.accounts));
  if (first) {
    Json held = Json::array();
    for (const auto& one : TRY(enrolment.list_held())) held.push(held_fields(one));
    answer.set("held", std::move(held));
  }
  if (!page.next.empty()) answer.set("next", page.next);
  return answer;
}

Result<Json> find_account(const Message& message, const auth::Context& context) {
  JsonReader reader(message.fields);
  const std::string user = TRY(reader.text("user"));
  TRY(reader.finish());
  const auto found = auth::records::find_account_meant(context.medium, context.accounts, user);
  if (!found && found.error().code == ErrorCode::not_found) return Json::object();
  return Json::object().set("account", TRY(found));
}

Result<Json> show_account(const Message& message, auth::records::Accounts& accounts, auth::proving::Issuing& issuing) {
  JsonReader reader(message.fields);
  const std::string id = TRY(take_account(reader));
  TRY(reader.finish());
  const auto view = TRY(accounts.show(id));
  Json former = Json::array();
  for (const auto& key : view.account.former_keys) {
    former.push(Json::object()
                    .set("fingerprint", key.fingerprint.upper())
                    .set("from", format_time(key.from))
                    .set("until", format_time(key.until))
                    .set("reason", key.reason));
  }
  Json answer = account_fields(view.account);
  write_profile(view.account.profile, answer);
  if (view.account.state == auth::records::AccountState::revoked) {
    answer.set("revocation", revocation_fields(accounts, id));
  }
  if (view.account.state == auth::records::AccountState::active) {
    if (const Status judged = issuing.judge_account(id); !judged) answer.set("key_refused", judged.error().detail);
  }
  return answer.set("key_since", format_time(view.account.key_since))
      .set("encryption_algorithm", view.account.encryption_algorithm)
      .set("show_key_id", view.account.show_key_id)
      .set("managed", view.account.managed)
      .set("escrow", view.account.parts.contains(auth::records::AccountPart::escrowed_key))
      .set("password", auth::records::name_of(auth::records::password_scheme_of(view.account)))
      .set("epoch", static_cast<std::int64_t>(view.account.epoch))
      .set("last_login", view.last_login ? Json(format_time(*view.last_login)) : Json())
      .set("former_keys", std::move(former));
}

}  // namespace countersign::transport
