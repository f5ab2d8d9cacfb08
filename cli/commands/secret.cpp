#include "cli/commands/secret.hpp"

#include <fmt/format.h>

#include "cli/local_carrier.hpp"

namespace countersign::cli {
namespace {

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
  return rows;
}

}  // namespace

Status run_secret_list(const SecretListOptions&, CommandContext& context) {
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

Status run_secret_reseal(const SecretResealOptions&, CommandContext& context) {
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

}  // namespace countersign::cli
