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

Result<ExitCode> run_command(const CommandLine& line, Terminal& terminal, const Environment& environment) {
  // A command speaks for itself; what is wrong besides is said all the same.
  auth::log_to_stderr(auth::LogLevel::alarm);
  CommandContext context{terminal, environment, line.data};
  const Status done = line.run(context);
  auth::log_all_counts();
  if (!done) return tl::unexpected<Error>(done.error());
  return context.done;
}

}  // namespace

ExitCode run_app(const std::vector<std::string>& arguments, Terminal& terminal, const Environment& environment) {
  // Known before the arguments are, so that their own errors are answered in the form that was asked for.
  terminal.answer_in_json(std::find(arguments.begin(), arguments.end(), "--json") != arguments.end());
  const std::vector<Command> commands = commands::all();
  terminal.speak_of(command_named(arguments, commands));
  const auto line = read_command_line(arguments, commands);
  if (!line) return report(terminal, line.error());
  terminal.answer_in_json(line->json);
  terminal.answer_in_full(line->full);
  ExitCode done = ExitCode::ok;
  if (!line->text.empty()) {
    terminal.data(line->text);
  } else {
    const auto ran = run_command(*line, terminal, environment);
    if (!ran) return report(terminal, ran.error());
    done = *ran;
  }
  const Status finished = terminal.finish();
  return finished ? done : report(terminal, finished.error());
}

}  // namespace countersign::cli
