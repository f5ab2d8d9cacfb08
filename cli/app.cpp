#include "cli/app.hpp"

#include <algorithm>

#include "auth/base/log.hpp"
#include "cli/command_line.hpp"
#include "cli/commands/all.hpp"

namespace countersign::cli {
namespace {

ExitCode report(Terminal& terminal, const Error& error) {
  terminal.error(error);
  const Status finished = terminal.finish();
  static_cast<void>(finished);  // the exit code already says that it failed
  return exit_code_of(error.code);
}

Status run_command(const CommandLine& line, Terminal& terminal, const Environment& environment) {
  // A command speaks for itself; what is wrong besides is said all the same.
  auth::log_to_stderr(auth::LogLevel::alarm);
  CommandContext context{terminal, environment, line.data};
  Status done = line.run(context);
  auth::log_all_counts();
  return done;
}

}  // namespace

ExitCode run_app(const std::vector<std::string>& arguments, Terminal& terminal, const Environment& environment) {
  // Known before the arguments are, so that their own errors are answered in the form that was asked for.
  terminal.answer_in_json(std::find(arguments.begin(), arguments.end(), "--json") != arguments.end());
  const std::vector<Command> commands = commands::all();
  const auto line = read_command_line(arguments, commands);
  if (!line) return report(terminal, line.error());
  terminal.answer_in_json(line->json);
  terminal.answer_in_full(line->full);
  if (!line->text.empty()) {
    terminal.data(line->text);
  } else if (const Status status = run_command(*line, terminal, environment); !status) {
    return report(terminal, status.error());
  }
  const Status finished = terminal.finish();
  return finished ? ExitCode::ok : report(terminal, finished.error());
}

}  // namespace countersign::cli
