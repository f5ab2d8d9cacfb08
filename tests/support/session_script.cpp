#include "tests/support/session_script.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "storage/base/text.hpp"
#include "tests/support/gnupg_home.hpp"

namespace countersign::test {
namespace {

// Two gpg of one pipe start together in a new home; one may find the other's lock file gone, says so, and goes on.
bool is_lock_noise(const std::string& line) {
  return line.starts_with("gpg: error opening lockfile") || line == "gpg: lockfile disappeared";
}

constexpr std::string_view kAnything = "...";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split_lines(text)) lines.emplace_back(line);
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

void drop_blank_end(std::vector<std::string>& lines) {
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
}

bool line_fits(std::string_view pattern, std::string_view line) {
  const auto dots = pattern.find(kAnything);
  if (dots == std::string_view::npos) return pattern == line;
  if (line.substr(0, dots) != pattern.substr(0, dots)) return false;
  const std::string_view rest = pattern.substr(dots + kAnything.size());
  for (std::size_t at = dots; at <= line.size(); ++at) {
    if (line_fits(rest, line.substr(at))) return true;
  }
  return false;
}

bool fits_from(const std::vector<std::string>& pattern, std::size_t p, const std::vector<std::string>& lines,
               std::size_t l) {
  if (p == pattern.size()) return l == lines.size();
  if (pattern[p] == kAnything) {
    for (std::size_t at = l; at <= lines.size(); ++at) {
      if (fits_from(pattern, p + 1, lines, at)) return true;
    }
    return false;
  }
  return l < lines.size() && line_fits(pattern[p], lines[l]) && fits_from(pattern, p + 1, lines, l + 1);
}

// HOME, the current folder and everything a program keeps for its user, in one place that goes away.
class SessionFolder {
 public:
  SessionFolder() : path_("/tmp/cs.XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    std::filesystem::create_directory(gnupg());
    std::filesystem::permissions(gnupg(), std::filesystem::perms::owner_all);
  }
  SessionFolder(const SessionFolder&) = delete;
  SessionFolder& operator=(const SessionFolder&) = delete;
  // A session that leaves a server running notes its process in `pid`, and takes the note away when it has ended it.
  ~SessionFolder() {
    run_program({"sh", "-c", "test -f \"$0\" && kill \"$(cat \"$0\")\"", path_ + "/pid"}, {});
    run_program({"gpgconf", "--homedir", gnupg(), "--kill", "all"}, {});
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  ProgramRun run(const std::string& command) const {
    const std::string program = std::filesystem::path(COUNTERSIGN_PROGRAM).parent_path().string();
    const char* search = std::getenv("PATH");
    return run_program(
        {"sh", "-c", "cd \"$HOME\" || exit\n" + command}, {},
        {"HOME=" + path_, "GNUPGHOME=" + gnupg(), "XDG_CONFIG_HOME=" + path_ + "/.config",
         "XDG_STATE_HOME=" + path_ + "/.state", "COUNTERSIGN_DATA=" + path_ + "/data", "LC_ALL=C.UTF-8",
         "FIXTURES=" COUNTERSIGN_FIXTURES, "PATH=" + program + ":" + (search == nullptr ? "/usr/bin:/bin" : search)});
  }

 private:
  std::string gnupg() const { return path_ + "/g"; }
  std::string path_;
};

std::string shown(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "    " + line + "\n";
  return text.empty() ? "    (nothing)\n" : text;
}

std::string compare(const SessionStep& step, const ProgramRun& run) {
  std::string wrong;
  const auto out = lines_of(run.output);
  auto err = lines_of(run.error);
  std::erase_if(err, is_lock_noise);
  if (!fits(step.out, out)) wrong += "  stdout expected\n" + shown(step.out) + "  and got\n" + shown(out);
  if (!fits(step.err, err)) wrong += "  stderr expected\n" + shown(step.err) + "  and got\n" + shown(err);
  if (step.exit_code != run.exit_code) {
    wrong += fmt::format("  exit code expected {} and got {}\n{}", step.exit_code, run.exit_code, shown(err));
  }
  if (!wrong.empty()) wrong = fmt::format("line {}: {}\n{}", step.line, step.command, wrong);
  return wrong;
}

}  // namespace

Result<std::vector<SessionStep>> parse_session(std::string_view text) {
  std::vector<SessionStep> steps;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (line.starts_with("#")) continue;
    if (line.starts_with("$ ")) {
      steps.push_back(SessionStep{number, std::string(line.substr(2)), {}, {}, 0});
      continue;
    }
    if (steps.empty()) {
      if (line.empty()) continue;
      return fail(ErrorCode::malformed_message, fmt::format("line {}: output of no command", number));
    }
    if (line.starts_with("= ")) {
      steps.back().exit_code = std::atoi(std::string(line.substr(2)).c_str());
    } else if (line == "!" || line.starts_with("! ")) {
      steps.back().err.emplace_back(line.substr(line.size() == 1 ? 1 : 2));
    } else {
      steps.back().out.emplace_back(line);
    }
  }
  if (steps.empty()) return fail(ErrorCode::malformed_message, "no command");
  for (SessionStep& step : steps) {
    drop_blank_end(step.out);
    drop_blank_end(step.err);
  }
  return steps;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& lines) {
  return fits_from(pattern, 0, lines, 0);
}

std::string run_session(const std::vector<SessionStep>& steps) {
  const SessionFolder folder;
  std::string wrong;
  for (const SessionStep& step : steps) wrong += compare(step, folder.run(step.command));
  return wrong;
}

}  // namespace countersign::test
