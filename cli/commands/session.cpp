// Administration of sessions.
#include "cli/commands/all.hpp"

#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct SessionListOptions {
  std::string user;  // username or account id

  Arguments arguments() {
    return {
        user_argument(&user),
    };
  }
};

struct SessionShowOptions {
  std::string user;
  std::string session;

  Arguments arguments() {
    return {
        user_argument(&user),
        Argument("SESSION", &session, "Its id, as listed").required(),
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
        {"SESSION", &session, "Its id, as listed"},
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
  return run_local(context, "account.sessions", name_account(Json::object(), options.user));
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
                   command("list", "List an account's sessions", "countersign session list alice", run_session_list),
                   command("show", "Show one session", "countersign session show alice SESSION", run_session_show),
                   command("end", "End one session, or all of an account", "countersign session end alice --all",
                           run_session_end),
               });
}

}  // namespace countersign::cli::commands
