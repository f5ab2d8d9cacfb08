#include "cli/commands/challenge.hpp"

#include "cli/local_carrier.hpp"

namespace countersign::cli {

Status run_challenge(const ChallengeOptions& options, CommandContext& context) {
  Json fields = name_account(TRY(purpose_fields(options.purpose, context.terminal)), options.user);
  const Json answer = TRY(ask_local(context, "challenge.issue", std::move(fields), ""));
  if (context.terminal.json()) {
    context.terminal.answer(answer);
  } else {
    context.terminal.data(*answer.find("challenge_message")->string());
  }
  return ok();
}

}  // namespace countersign::cli
