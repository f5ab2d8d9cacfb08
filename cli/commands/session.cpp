// Administration of sessions.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "cli/local_carrier.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli::commands {
namespace {

struct SessionListOptions {
  std::optional<std::string> user;  // username or account id; none: of every account
  std::string after;                // "<account id>/<session id>" to go on after
  std::int64_t limit = 1000;

  Arguments arguments() {
    return {
        {"USER", &user, "A username, an account id or 8 digits of one; else those of every account"},
        {"--after", &after, "Go on after this ACCOUNT/SESSION"},
        Argument("--limit", &limit, "At most so many (1000)").at_most(10000),
    };
  }
};

struct SessionShowOptions {
  std::string user;
  std::string session;

  Arguments arguments() {
    return {
        user_argument(&user),
        Argument("SESSION", &session, "Its id, as listed; 8 digits of it will do").required(),
    };
  }
};

struct SessionEndOptions {
  std::string user;
  std::string session;  // empty with all
  bool all = false;

  Arguments arguments() {
    return {
        user_argument(&user),
        {"SESSION", &session, "Its id, as listed; 8 digits of it will do"},
        Argument("--all", &all, "Every session, and every open challenge").excludes("SESSION"),
    };
  }
};

// The server keeps to itself what it looked for, and a person may have mistyped it.
template <class T>
T naming(T answer, const std::string& what) {
  if (answer || answer.error().code != ErrorCode::not_found || !answer.error().detail.empty()) return answer;
  return fail(ErrorCode::not_found, what);
}

std::string describe_session(const std::string& user, const std::string& session) {
  return "no session " + session + " of an account " + user;
}

Status run_session_list(const SessionListOptions& options, CommandContext& context) {
  Json fields = Json::object().set("after", options.after).set("limit", options.limit);
  if (options.user) fields = name_account(std::move(fields), *options.user);
  const Json answer = TRY(ask_local(context, "account.sessions", std::move(fields), ""));
  const Json& sessions = *answer.find("sessions");
  if (sessions.items()->empty() && !context.terminal.json()) context.terminal.say("There are no sessions.");
  context.terminal.answer(context.terminal.json() ? answer
                                                  : with_first(sessions, {"username", "session", "method", "created_at",
                                                                          "idle_expires_at", "transport"}));
  if (const Json* next = answer.find("next"); next != nullptr && !context.terminal.json()) {
    context.terminal.say(fmt::format("More follow: countersign session list {}--after {}",
                                     options.user ? escape_for_display(*options.user) + " " : "", *next->string()));
  }
  return ok();
}

Status run_session_show(const SessionShowOptions& options, CommandContext& context) {
  return naming(
      run_local(context, "account.session", name_account(Json::object(), options.user).set("session", options.session)),
      describe_session(options.user, options.session));
}

Status run_session_end(const SessionEndOptions& options, CommandContext& context) {
  if (!options.all && options.session.empty()) {
    return fail(ErrorCode::usage, "name the SESSION to end, or pass --all");
  }
  Json fields = name_account(Json::object(), options.user);
  if (options.all) {
    fields.set("all", true);
  } else {
    fields.set("session", options.session);
  }
  TRY(naming(ask_local(context, "account.session_end", std::move(fields), ""),
             options.all ? "no account " + options.user : describe_session(options.user, options.session)));
  context.terminal.answer(Json::object().set("status", "ended"));
  return ok();
}

}  // namespace

Command session_command() {
  return group("session", "Sessions",
               {
                   command("list", "List an account's sessions, or those of all", "countersign session list alice",
                           run_session_list),
                   command("show", "Show one session", "countersign session show alice SESSION", run_session_show),
                   command("end", "End one session, or all of an account", "countersign session end alice --all",
                           run_session_end),
               });
}

}  // namespace countersign::cli::commands
