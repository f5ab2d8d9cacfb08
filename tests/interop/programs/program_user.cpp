#include "tests/interop/programs/program_user.hpp"

#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>

#include "tests/support/program.hpp"

namespace countersign::test {

namespace fs = std::filesystem;

fs::path openpgpjs_folder() {
  static const fs::path kFolder = [] {
    fs::path folder = COUNTERSIGN_OPENPGPJS;
    const ProgramRun run = run_program({COUNTERSIGN_SOURCE "/tests/interop/npm_install",
                                        COUNTERSIGN_SOURCE "/tests/interop/openpgpjs", folder.string()},
                                       {}, {});
    if (run.exit_code != 0) throw std::runtime_error("OpenPGP.js is not to be had: " + run.error + run.output);
    return folder;
  }();
  return kFolder;
}

ProgramUser::ProgramUser() {
  const fs::path home = folder_.path() / "home";
  const fs::path gnupg = home / ".gnupg";
  fs::create_directories(gnupg);
  fs::permissions(gnupg, fs::perms::owner_all);
  fs::create_directory(folder_.path() / "work");
  write_file(gnupg / "passphrase", "");
  write_file(gnupg / "gpg.conf", "batch\nno-tty\nno-greeting\npinentry-mode loopback\npassphrase-file " +
                                     (gnupg / "passphrase").string() +
                                     "\ndisable-dirmngr\nno-auto-key-locate\nno-auto-key-retrieve\n");
  // Without a count the agent measures the machine for seconds before it makes its first key.
  write_file(gnupg / "gpg-agent.conf", "s2k-count 65536\nallow-loopback-pinentry\n");
  set("HOME", home.string());
  set("GNUPGHOME", gnupg.string());
  set("LC_ALL", "C.UTF-8");
  // Java comes up in two thirds of the time where it does not mean to stay.
  set("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
}

ProgramUser::~ProgramUser() {
  run("gpgconf --kill all");
}

void ProgramUser::set(const std::string& name, const std::string& value) {
  std::erase_if(environment_, [&](const auto& each) { return each.first == name; });
  environment_.emplace_back(name, value);
}

ProgramRun ProgramUser::run(const std::string& script) const {
  std::vector<std::string> environment;
  for (const auto& [name, value] : environment_) environment.push_back(name + "=" + value);
  // A minute is for a machine with other things to do: a program that waits for somebody at a terminal ends there.
  return run_program({"timeout", "60", "bash", "-euo", "pipefail", "-c", "cd \"$HOME/../work\"\n" + script, "person"},
                     {}, environment);
}

void ProgramUser::tidy_up() const {
  static const std::set<std::string> kKept = {"alice.key", "alice.key.rev", "alice.asc", "server.asc"};
  for (const fs::path& each : files_beneath(folder_.path() / "work")) {
    if (!kKept.contains(each.filename().string())) fs::remove(each);
  }
}

std::string answer_of(const ProgramRun& run) {
  static const std::regex kBeforeTheWords(R"re(^\s+|^\[[^\]]*\] )re");
  std::istringstream lines(run.error + run.output);
  std::string answer = "nothing";
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with("Picked up JAVA_TOOL_OPTIONS")) continue;
    answer = std::regex_replace(line, kBeforeTheWords, "");
    break;
  }
  return answer + " (" + std::to_string(run.exit_code) + ")";
}

}  // namespace countersign::test
