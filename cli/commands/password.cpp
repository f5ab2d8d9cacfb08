#include "cli/commands/password.hpp"

#include "cli/input.hpp"
#include "cli/local_carrier.hpp"

namespace countersign::cli {

Status run_password_set(const PasswordSetOptions& options, CommandContext& context) {
  const Secret password =
      TRY(read_password(options.password_file, "New password of " + options.user, context.terminal));
  Json fields = name_account(Json::object(), options.user);
  fields.set("password", password.reveal_text());
  TRY(ask_local(context, "password.set", std::move(fields), ""));
  context.terminal.answer(Json::object().set("status", "set"));
  return ok();
}

Status run_password_remove(const PasswordRemoveOptions& options, CommandContext& context) {
  TRY(ask_local(context, "password.remove", name_account(Json::object(), options.user), ""));
  context.terminal.answer(Json::object().set("status", "removed"));
  return ok();
}

}  // namespace countersign::cli
