#include "cli/local_carrier.hpp"

#include "auth/base/account_id.hpp"
#include "auth/records/id_prefixes.hpp"

namespace countersign::cli {
namespace {

transport::Message local_message(std::string_view operation, Json fields) {
  transport::Message message;
  message.operation = operation;
  message.carrier = transport::Carrier::local;
  message.fields = std::move(fields);
  message.source = "local";
  return message;
}

// What ends somebody's right is to be possible on a full disk. Of a profile only groups give any.
OpenedFor purpose_of(std::string_view operation, const Json& fields) {
  if (operation == "account.set" && fields.find("groups") == nullptr) return OpenedFor::work;
  const transport::Operation* row = transport::find_operation(operation);
  return row != nullptr && row->rights == transport::Rights::taken_away ? OpenedFor::taking_away : OpenedFor::work;
}

// Of name_account(), and no operation's: a username, or the beginning of an account id.
constexpr const char* kUserMeant = "user_meant";

// Where nobody has either, the operation itself says so.
Status find_user_meant(Store& store, Json& fields) {
  const Json* user = fields.find(kUserMeant);
  if (user == nullptr) return ok();
  const std::string typed = *user->string();
  fields.erase(kUserMeant);
  const Json found = TRY(store.operations().run(local_message("account.find", Json::object().set("user", typed))));
  const Json* account = found.find("account");
  fields.set(account == nullptr ? "username" : "account", account == nullptr ? Json(typed) : *account);
  return ok();
}

// The operations keep to themselves whom they looked for, as strangers ask them too.
std::string name_in(const Json& fields) {
  for (const char* member : {"username", "account"}) {
    if (const Json* name = fields.find(member); name != nullptr && name->string() != nullptr) return *name->string();
  }
  return {};
}

Result<Json> run(Store& store, transport::Message message) {
  TRY(find_user_meant(store, message.fields));
  auto answer = store.operations().run(message);
  const std::string name = name_in(message.fields);
  message.fields.wipe();
  if (answer || answer.error().code != ErrorCode::not_found || answer.error().detail != "no such account")
    return answer;
  return fail(ErrorCode::not_found, name.empty() ? answer.error().detail : "no such account: " + name);
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(CommandContext& context, OpenedFor purpose) {
  const Settings settings = TRY(context.settings());
  return Store::open(TRY(context.data_folder()), settings, kCommandWriter, purpose);
}

Result<Json> ask_local(CommandContext& context, std::string_view operation, Json fields, std::string text) {
  const auto store = TRY(open_store(context, purpose_of(operation, fields)));
  return ask_store(*store, operation, std::move(fields), std::move(text));
}

Result<Json> ask_store(Store& store, std::string_view operation, Json fields, std::string text) {
  transport::Message message = local_message(operation, std::move(fields));
  message.text = std::move(text);
  return run(store, std::move(message));
}

Result<Json> ask_counting(CommandContext& context, std::string_view operation, Json fields) {
  return ask_watched(context, operation, std::move(fields), context.terminal.counting("records read"));
}

Result<Json> ask_watched(CommandContext& context, std::string_view operation, Json fields, const Progress& progress) {
  const auto store = TRY(open_store(context));
  transport::Message message = local_message(operation, std::move(fields));
  message.progress = progress;
  return run(*store, std::move(message));
}

Status run_local(CommandContext& context, std::string_view operation, Json fields) {
  context.terminal.answer(TRY(ask_local(context, operation, std::move(fields), "")));
  return ok();
}

Json name_account(Json fields, const std::string& user) {
  if (auth::check_account_id(user)) return std::move(fields.set("account", user));
  return std::move(fields.set(auth::records::is_account_prefix(user) ? kUserMeant : "username", user));
}

}  // namespace countersign::cli
