#include "tests/endurance/operator.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <stdexcept>
#include <thread>

#include "auth/openpgp/rnp/silence.hpp"
#include "tests/support/openpgp_key.hpp"

namespace countersign::test {
namespace {

constexpr int kUnavailable = 7;
constexpr int kWarned = 9;  // of `status`, on a full disk for one

// With this environment beside the own one, and without its output.
pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (const auto& entry : environment) envp.push_back(const_cast<char*>(entry.c_str()));
  for (char** entry = environ; *entry != nullptr; ++entry) envp.push_back(*entry);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  const int failed = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("posix_spawn failed");
  return child;
}

}  // namespace

Operator::Operator(Machine& machine, Tally& tally, std::uint64_t seed)
    : machine_(machine), tally_(tally), random_(seed) {}

ProgramRun Operator::must_not_fail(const std::vector<std::string>& arguments) {
  ProgramRun run = machine_.run(arguments);
  const std::string command = arguments[0] + (arguments[1].starts_with('/') ? "" : " " + arguments[1]);
  tally_.count(command);
  if (run.exit_code != 0 && run.exit_code != kUnavailable && run.exit_code != kWarned) {
    tally_.violate("countersign " + command + " ended with " + std::to_string(run.exit_code) + ": " + run.output +
                   run.error);
  }
  return run;
}

void Operator::act() {
  switch (random_() % 8) {
    case 0:
      must_not_fail({"audit", "verify", "--json"});
      break;
    case 1:
      back_up();
      break;
    case 2:
      must_not_fail({"status", "--deep", "--json"});
      break;
    case 3:
      must_not_fail({"status", "--json"});
      break;
    case 4:
      look_at_visitors();
      break;
    default:
      disturb_command();
  }
}

void Operator::back_up() {
  const auto file = machine_.installation().folder() / "backup";
  must_not_fail({"backup", file.string()});
  std::filesystem::remove(file);
}

void Operator::disturb_command() {
  Visitor visitor{"visitor" + std::to_string(visitors_.size()), {}};
  const auto file = machine_.installation().folder() / "visitor.asc";
  {
    const auth::openpgp::rnp::Silence silence;  // as where a client makes its keys
    write_file(file, OpenPgpKey(visitor.username).certificate());
  }
  AccountCall call{Deed::add};
  call.key = 0;
  Answer answer = Answer::none;
  {
    const auto running = machine_.a_command();
    const pid_t child = spawn(machine_.command({"account", "add", visitor.username, "--public-key", file.string()}),
                              machine_.environment());
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 80));
    if (random_() % 2 == 0) {
      tally_.count("command killed");
      kill(child, SIGKILL);
    } else {
      tally_.count("command stopped for seconds");
      kill(child, SIGSTOP);
      std::this_thread::sleep_for(std::chrono::milliseconds(500 + random_() % 3000));
      kill(child, SIGCONT);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) answer = Answer::accepted;
  }
  const std::string wrong = visitor.beliefs.take(call, answer, machine_.clock().read().when);
  if (!wrong.empty()) tally_.violate(visitor.username + ": " + wrong);
  visitors_.push_back(std::move(visitor));
}

void Operator::look_at_visitors() {
  const ProgramRun run = must_not_fail({"account", "list", "--limit", "10000", "--json"});
  if (run.exit_code != 0) return;
  std::map<std::string, std::string> states;
  const Json listed = json_of(run.output);
  for (const Json& account : *listed.find("accounts")->items()) {
    states[field(account, "username")] = field(account, "state");
  }
  for (Visitor& visitor : visitors_) {
    const auto found = states.find(visitor.username);
    const std::string wrong = visitor.beliefs.take_listed(found == states.end() ? "absent" : found->second);
    if (!wrong.empty()) tally_.violate(visitor.username + ": " + wrong);
  }
}

std::int64_t Operator::verify() {
  look_at_visitors();
  const ProgramRun status = machine_.run({"status", "--deep", "--json"});
  // 9: all of it is whole, and something is warned of, such as a small disk.
  if (status.exit_code != 0 && status.exit_code != kWarned)
    tally_.violate("status --deep: " + status.output + status.error);
  const ProgramRun audit = machine_.run({"audit", "verify", "--json"});
  if (audit.exit_code != 0 || field(json_of(audit.output), "intact") != "true") {
    tally_.violate("audit verify: " + audit.output + audit.error);
    return 0;
  }
  return std::stoll(field(json_of(audit.output), "records"));
}

}  // namespace countersign::test
