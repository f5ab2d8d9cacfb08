// The server's secrets.
#include "cli/commands/all.hpp"

#include <fmt/format.h>

#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct SecretRotateOptions {
  std::string family;
  std::string after;  // a duration; empty: soon, but not before running servers have loaded the key

  Arguments arguments() {
    return {
        Argument("FAMILY", &family, "seal (challenges) or record (records, peppers)").required(),
        {"--after", &after, "When it takes over (5m); with several hosts, time to copy it: 24h, 30d at most"},
    };
  }
};

struct SecretRetireOptions {
  std::string id;
  bool leaked = false;
  bool yes = false;

  Arguments arguments() {
    return {
        Argument("ID", &id, "Its id, as listed").required(),
        {"--leaked", &leaked, "In other hands: a coming key at once, a seal key whatever is open under it"},
        yes_argument(&yes),
    };
  }
};

// For people: `12 users, 3 sessions` in one column rather than an object.
Json with_uses_as_text(const Json& answer) {
  Json rows = Json::array();
  for (const Json& row : *answer.find("secrets")->items()) {
    Json shown = row;
    const Json* uses = row.find("named_by");
    std::string text;
    if (uses != nullptr && uses->members() != nullptr) {
      for (const auto& [kind, count] : *uses->members()) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", *count.integer(), kind);
      }
      shown.set("named_by", text.empty() ? "nothing" : text);
    }
    rows.push(std::move(shown));
  }
  return with_first(rows, {"family", "id", "state", "safe_at", "named_by", "from"});
}

Status run_secret_list(CommandContext& context) {
  const Json answer = TRY(ask_counting(context, "secret.list", Json::object()));
  context.terminal.answer(context.terminal.json() ? answer : with_uses_as_text(answer));
  return ok();
}

Status run_secret_rotate(const SecretRotateOptions& options, CommandContext& context) {
  Json fields = Json::object().set("family", options.family);
  if (!options.after.empty()) {
    const auto after = parse_duration(options.after);
    if (!after) return fail(ErrorCode::usage, "--after: " + after.error().detail);
    fields.set("after_seconds", after->count());
  }
  const Json answer = TRY(ask_local(context, "secret.rotate", std::move(fields), ""));
  context.terminal.answer(answer);
  const std::string file = *answer.find("family")->string() + "-" + *answer.find("id")->string();
  context.terminal.say(
      "Running servers of this data folder load it by themselves. Servers on other hosts need the file " +
      (TRY(context.data_folder()) / "secrets" / file).string() + ", mode 0600, before " +
      *answer.find("from")->string() + ".");
  return ok();
}

Status run_secret_reseal(CommandContext& context) {
  const Json answer = TRY(ask_counting(context, "secret.reseal", Json::object()));
  context.terminal.answer(answer);
  if (answer.find("faults")->items()->empty()) return ok();
  return fail(ErrorCode::record_tampered, "the records above were left as they are");
}

Status run_secret_retire(const SecretRetireOptions& options, CommandContext& context) {
  if (!options.yes) {
    TRY(context.terminal.confirm(options.leaked ? "The key is destroyed; challenges that it sealed and that are open "
                                                  "are answered in vain. Go on?"
                                                : "The key is destroyed; a copy of the store from when it was in use "
                                                  "needs a copy of it. Go on?",
                                 "--yes"));
  }
  Json fields = Json::object().set("id", options.id).set("leaked", options.leaked);
  context.terminal.answer(TRY(ask_counting(context, "secret.retire", std::move(fields))));
  return ok();
}

}  // namespace

Command secret_command() {
  return group("secret", "The server's secrets",
               {
                   command("list", "List the keys, what each is for and what still needs it", "countersign secret list",
                           run_secret_list),
                   command("rotate", "Make a new key that takes over by itself",
                           "countersign secret rotate seal --after 24h", run_secret_rotate),
                   command("reseal", "Seal every record anew under the record key in use", "countersign secret reseal",
                           run_secret_reseal),
                   command("retire", "Destroy a key that nothing needs any more",
                           "countersign secret retire 0123456789abcdef", run_secret_retire),
               });
}

}  // namespace countersign::cli::commands
