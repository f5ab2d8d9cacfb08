// Invites: who has one may enrol a key of their own, once.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include <csignal>

#include "auth/client/server_url.hpp"
#include "auth/records/id_prefixes.hpp"
#include "auth/records/invite_text.hpp"
#include "cli/local_carrier.hpp"
#include "cli/new_file.hpp"
#include "cli/setting_values.hpp"
#include "storage/base/text.hpp"

namespace countersign::cli::commands {
namespace {

constexpr const char* kFor = "How long it is good: 90m, 12h, 7d (the default)";

Argument invite_argument(std::string* invite) {
  return Argument("INVITE", invite, "Its id, as listed; 8 digits of it will do").required();
}

// Where a new invite goes, and what it says beside what the server knows.
struct InvitePaper {
  std::string lifetime = "7d";
  std::string url;
  std::string to;

  Arguments arguments() {
    return {
        {"--for", &lifetime, kFor},
        {"--url", &url, "Where the server answers; else its name, where that is a URL"},
        {"--to", &to, "Where the invite goes: a new file, for nobody else to read; - is stdout, as is none"},
    };
  }
};

struct InviteNewOptions {
  std::string user;
  std::string groups;
  InvitePaper paper;

  Arguments arguments() {
    return joined({{"USER", &user, "The username that it is for; else the invited choose one"},
                   {"--groups", &groups, "The groups of the account, with commas between: a,b"}},
                  paper.arguments());
  }
};

struct InviteListOptions {
  std::string after;
  std::int64_t limit = kListedAtOnce;

  Arguments arguments() {
    return {
        {"--after", &after, "Go on after this invite's id"},
        Argument("--limit", &limit, "At most so many (1000)").at_most(10000),
    };
  }
};

struct InviteOptions {
  std::string invite;

  Arguments arguments() { return {invite_argument(&invite)}; }
};

struct InviteRenewOptions {
  std::string invite;
  std::string lifetime = "7d";

  Arguments arguments() { return {invite_argument(&invite), {"--for", &lifetime, kFor}}; }
};

struct InviteStolenOptions {
  std::string invite;
  InvitePaper paper;
  bool yes = false;

  Arguments arguments() { return joined({invite_argument(&invite)}, paper.arguments(), {yes_argument(&yes)}); }
};

Result<std::int64_t> lifetime_of(const std::string& text) {
  const auto lifetime = parse_duration(text);
  if (!lifetime) return fail(ErrorCode::usage, "--for: " + lifetime.error().detail);
  return lifetime->count();
}

const std::string& text_in(const Json& answer, std::string_view member) {
  return *answer.find(member)->string();
}

// The invite as text, on its way to a file or to stdout.
class InviteOut {
 public:
  // Before anything is made, so that what cannot be handed over is not made.
  static Result<InviteOut> open(const InvitePaper& paper, const CommandContext& context) {
    InviteOut out;
    const std::string server = TRY(context.settings()).server;
    const auto url = auth::client::normal_url(paper.url.empty() ? server : paper.url);
    if (!url && !paper.url.empty()) return fail(ErrorCode::usage, "--url: " + url.error().detail);
    if (!url) {
      return fail(ErrorCode::usage, "the server's name is no URL: say with --url where the invited reach the server");
    }
    out.url_ = *url;
    if (paper.to.empty() || paper.to == "-") {
      std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone away is said like a full disk
      return out;
    }
    out.name_ = paper.to;
    out.file_.emplace(TRY(begin_only_copy(paper.to, ToStdout::too)));
    return out;
  }

  Status hand_over(CommandContext& context, Json answer) {
    const auto text = text_of(answer);
    answer.erase("secret");
    answer.erase("server");
    answer.erase("server_key");
    const std::string registration = text_in(answer, "registration");
    answer.erase("registration");
    if (!text) return tl::unexpected<Error>(text.error());
    if (const Status written = write(context, answer, *text); !written) {
      return fail(ErrorCode::file_refused,
                  fmt::format("the invite could not be written: {}; it is made all the same, so run: countersign "
                              "invite cancel {}",
                              written.error().detail, text_in(answer, "invite")));
    }
    tell(context, answer, registration);
    return ok();
  }

 private:
  Result<Secret> text_of(Json& answer) const {
    std::string secret = text_in(answer, "secret");
    auth::records::InviteText text;
    text.server = text_in(answer, "server");
    text.url = url_;
    text.server_key = TRY(auth::Fingerprint::parse(text_in(answer, "server_key")));
    const Json* username = answer.find("username");
    if (username->string() != nullptr) text.username = *username->string();
    text.secret = Secret::take(secret);
    text.expires_at = parse_time(text_in(answer, "expires_at")).value_or(Instant());
    return write_invite_text(text);
  }

  Status write(CommandContext& context, Json& answer, const Secret& text) {
    if (file_) {
      TRY(file_->add(text.reveal()));
      TRY(file_->add(as_bytes("\n")));
      TRY(file_->finish());
      context.terminal.answer(answer.set("file", name_));
      return ok();
    }
    if (context.terminal.json()) {
      context.terminal.answer(answer.set("text", text.reveal_text()));
      return context.terminal.finish();
    }
    context.terminal.data(std::string(text.reveal_text()) + "\n");
    TRY(context.terminal.finish());
    context.terminal.recite(text_of_answer(answer));
    return ok();
  }

  void tell(CommandContext& context, const Json& answer, const std::string& registration) const {
    if (registration == "closed") {
      context.terminal.say(
          "Registration is closed, so the invite opens nothing yet: set `registration = \"invite\"` in "
          "countersign.toml, "
          "and have the server read it (`systemctl reload countersign`, or a hangup).");
    }
    if (!context.terminal.is_attended()) return;
    const std::string id = text_in(answer, "invite").substr(0, auth::records::kPrefixDigitsMin);
    context.terminal.say(fmt::format(
        "Bring it to the invited by a way that nobody else reads: whoever has it gets in, once, until {}. They save it "
        "as a file and run: countersign join FILE. If it was used and not by them: countersign invite stolen {}",
        text_in(answer, "expires_at"), id));
  }

  std::string url_;
  std::string name_;
  std::optional<storage::NewFile> file_;
};

Status run_invite_new(const InviteNewOptions& options, CommandContext& context) {
  Json fields = Json::object().set("lifetime_seconds", TRY(lifetime_of(options.paper.lifetime)));
  if (!options.user.empty()) fields.set("username", options.user);
  if (!options.groups.empty()) {
    Json groups = Json::array();
    for (const std::string_view group : split(options.groups, ',')) groups.push(trimmed(group));
    fields.set("groups", std::move(groups));
  }
  InviteOut out = TRY(InviteOut::open(options.paper, context));
  return out.hand_over(context, TRY(ask_local(context, "invite.new", std::move(fields), "")));
}

// A damaged one is named by its id, in its place in the list; it lets nobody in.
Status judge_listed_invites(const Json& invites) {
  for (const Json& row : *invites.items()) {
    const auto code = error_code_named(text_in(row, "state"));
    if (code) {
      return fail(*code, "the invite " + text_in(row, "invite") +
                             " cannot be read, and lets nobody in; `countersign status --deep` looks for more damage");
    }
  }
  return ok();
}

Status run_invite_list(const InviteListOptions& options, CommandContext& context) {
  Json fields = Json::object().set("after", options.after).set("limit", options.limit);
  const Json answer = TRY(ask_local(context, "invite.list", std::move(fields), ""));
  const Json& invites = *answer.find("invites");
  if (invites.items()->empty() && !context.terminal.json()) context.terminal.say("There are no invites.");
  const Json shown = with_first(invites, {"username", "invite", "state", "expires_at", "groups"});
  context.terminal.answer(context.terminal.json() ? answer : shown);
  if (const Json* next = answer.find("next"); next != nullptr && !context.terminal.json()) {
    context.say_more_follow("invite list", options.limit, *next->string());
  }
  return judge_listed_invites(invites);
}

Status run_invite_show(const InviteOptions& options, CommandContext& context) {
  return run_local(context, "invite.show", Json::object().set("invite", options.invite));
}

Status run_invite_renew(const InviteRenewOptions& options, CommandContext& context) {
  return run_local(
      context, "invite.renew",
      Json::object().set("invite", options.invite).set("lifetime_seconds", TRY(lifetime_of(options.lifetime))));
}

Status run_invite_cancel(const InviteOptions& options, CommandContext& context) {
  return run_local(context, "invite.cancel", Json::object().set("invite", options.invite));
}

Status run_invite_stolen(const InviteStolenOptions& options, CommandContext& context) {
  Json fields =
      Json::object().set("invite", options.invite).set("lifetime_seconds", TRY(lifetime_of(options.paper.lifetime)));
  const Json before = TRY(ask_local(context, "invite.show", Json::object().set("invite", options.invite), ""));
  if (text_in(before, "state") == "used" && !options.yes) {
    TRY(context.terminal.confirm("The account that came of it is deleted for good. Go on?", "--yes"));
  }
  InviteOut out = TRY(InviteOut::open(options.paper, context));
  return out.hand_over(context, TRY(ask_local(context, "invite.stolen", std::move(fields), "")));
}

}  // namespace

Command invite_command() {
  return group(
      "invite", "Invites, by which people enrol keys of their own",
      {
          command("new", "Make an invite, to be carried by other means",
                  "countersign invite new bob --groups staff --to bob.invite", run_invite_new),
          command("list", "List the invites, and what became of them", "countersign invite list", run_invite_list),
          command("show", "Show one invite", "countersign invite show 0f3c5a7e", run_invite_show),
          command("renew", "Let an invite that nobody has used end later", "countersign invite renew 0f3c5a7e --for 7d",
                  run_invite_renew),
          command("cancel", "Take an invite back that nobody has used", "countersign invite cancel 0f3c5a7e",
                  run_invite_cancel),
          command("stolen", "Another had it: delete the account that came of it, and make one in its place",
                  "countersign invite stolen 0f3c5a7e --to bob.invite", run_invite_stolen),
      });
}

}  // namespace countersign::cli::commands
