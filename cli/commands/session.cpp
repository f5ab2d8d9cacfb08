#include "cli/commands/session.hpp"

#include "cli/local_carrier.hpp"

namespace countersign::cli {

Status run_session_list(const SessionListOptions& options, CommandContext& context) {
  return run_local(context, "account.sessions", name_account(Json::object(), options.user));
}

Status run_session_show(const SessionShowOptions& options, CommandContext& context) {
  return run_local(context, "account.session",
                   name_account(Json::object(), options.user).set("session", options.session));
}

Status run_session_end(const SessionEndOptions& options, CommandContext& context) {
  Json fields = name_account(Json::object(), options.user);
  if (options.all) {
    fields.set("all", true);
  } else {
    fields.set("session", options.session);
  }
  TRY(ask_local(context, "account.session_end", std::move(fields), ""));
  context.terminal.answer(Json::object().set("status", "ended"));
  return ok();
}

}  // namespace countersign::cli
