// How the server stands: for operators and their monitors.
#include "cli/commands/all.hpp"

#include "cli/local_carrier.hpp"

namespace countersign::cli::commands {
namespace {

struct StatusOptions {
  bool deep = false;

  Arguments arguments() {
    return {
        {"--deep", &deep, "Read every record as well, and say which are damaged"},
    };
  }
};

// What is amiss is also the exit code.
Status judge_answer(const Json& answer) {
  const auto code = error_code_named(*answer.find("status")->string());
  if (code) return fail(*code, *answer.find("reason")->string());
  const Json* damaged = answer.find("damaged");
  if (damaged == nullptr || *damaged->integer() == 0) return ok();
  return fail(ErrorCode::record_unreadable, "see the faults above");
}

Status run_status(const StatusOptions& options, CommandContext& context) {
  const Json answer = TRY(ask_counting(context, "status.show", Json::object().set("deep", options.deep)));
  context.terminal.answer(answer);
  return judge_answer(answer);
}

}  // namespace

Command status_command() {
  return command("status", "Say whether the server could do its work now", "countersign status --deep", run_status);
}

}  // namespace countersign::cli::commands
