// Administration of passwords.
#include "cli/commands/all.hpp"

#include "cli/input.hpp"
#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct PasswordSetOptions {
  std::string user;           // username or account id
  std::string password_file;  // "-" is stdin; empty: asked for

  Arguments arguments() {
    return {
        user_argument(&user),
        {"--password-file", &password_file, "A file; - is stdin; else asked for"},
    };
  }
};

struct PasswordRemoveOptions {
  std::string user;

  Arguments arguments() {
    return {
        user_argument(&user),
    };
  }
};

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

}  // namespace

Command password_command() {
  return group("password", "Passwords",
               {
                   command("set", "Set an account's password; its sessions and open challenges end",
                           "countersign password set alice", run_password_set),
                   command("remove", "Remove an account's password; its sessions and open challenges end",
                           "countersign password remove alice", run_password_remove),
               });
}

}  // namespace countersign::cli::commands
