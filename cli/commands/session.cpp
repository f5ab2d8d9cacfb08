// Administration of sessions.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "auth/records/id_prefixes.hpp"
#include "cli/local_carrier.hpp"
#include "storage/base/shell.hpp"

namespace countersign::cli::commands {
namespace {

struct SessionListOptions {
  std::optional<std::string> user;  // username or account id; none: of every account
  std::string after;                // "<account id>/<session id>" to go on after
  std::int64_t limit = kListedAtOnce;

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
  return "no session " + session + " of " + user;
}

// Each was named beside the list; it opens nothing, and stays until its account's sessions end.
Status judge_damaged(const Json& answer) {
  const Json* damaged = answer.find("damaged");
  if (damaged == nullptr) return ok();
  const std::string& account = *damaged->items()->front().find("account")->string();
  return fail(
      ErrorCode::record_tampered,
      fmt::format("{} of the sessions cannot be read, and open nothing; `countersign session end {} --all` ends "
                  "those of the first one's account, and `countersign status --deep` looks for more damage",
                  damaged->items()->size(), account.substr(0, auth::records::kPrefixDigitsMin)));
}

Status run_session_list(const SessionListOptions& options, CommandContext& context) {
  Json fields = Json::object().set("after", options.after).set("limit", options.limit);
  if (options.user) fields = name_account(std::move(fields), *options.user);
  const Json answer = TRY(ask_local(context, "account.sessions", std::move(fields), ""));
  const Json& sessions = *answer.find("sessions");
  if (sessions.items()->empty() && answer.find("damaged") == nullptr && !context.terminal.json())
    context.terminal.say("There are no sessions.");
  Json shown = with_first(sessions, {"username", "session", "method", "created_at", "idle_expires_at", "transport"});
  if (const Json* damaged = answer.find("damaged")) {
    shown = Json::object().set("sessions", std::move(shown)).set("damaged", *damaged);
  }
  context.terminal.answer(context.terminal.json() ? answer : shown);
  if (const Json* next = answer.find("next"); next != nullptr && !context.terminal.json()) {
    const std::string whose = options.user ? " " + quoted_for_shell(*options.user) : std::string();
    context.say_more_follow("session list" + whose, options.limit, *next->string());
  }
  return judge_damaged(answer);
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
