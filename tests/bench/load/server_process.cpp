#include "tests/bench/load/server_process.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/base/text.hpp"

namespace countersign::bench {
namespace {

namespace fs = std::filesystem;

struct Stat {
  pid_t parent = 0;
  double ticks = 0;
};

// Empty where the process is gone.
std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Fields 4 and 14 to 17. The name, field 2, may hold blanks and brackets, so it is skipped by its last bracket.
bool read_stat(pid_t process, Stat& stat) {
  const std::string text = read_text(fs::path("/proc") / std::to_string(process) / "stat");
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  fields >> skipped >> stat.parent;
  for (int field = 5; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0, ended_user = 0, ended_system = 0;
  fields >> user >> system >> ended_user >> ended_system;
  stat.ticks = user + system + ended_user + ended_system;
  return static_cast<bool>(fields);
}

std::int64_t kib_in(const std::string& text, const std::string& name) {
  const auto at = text.find(name + ":");
  return at == std::string::npos ? 0 : std::stoll(text.substr(at + name.size() + 1));
}

void add_use(pid_t process, ProcessUse& use) {
  Stat stat;
  if (!read_stat(process, stat)) return;
  use.processor_ms += stat.ticks * 1000 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const fs::path folder = fs::path("/proc") / std::to_string(process);
  use.rss_kib += kib_in(read_text(folder / "status"), "VmRSS");
  use.pss_kib += kib_in(read_text(folder / "smaps_rollup"), "Pss");
}

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto child = parse_number(entry.path().filename().string());
    Stat stat;
    if (child && read_stat(static_cast<pid_t>(*child), stat) && stat.parent == process) {
      children.push_back(static_cast<pid_t>(*child));
    }
  }
  return children;
}

}  // namespace

ProcessUse use_of(pid_t process) {
  Stat stat;
  if (!read_stat(process, stat)) throw std::runtime_error("no process " + std::to_string(process));
  ProcessUse use;
  std::vector<pid_t> family = {process};
  for (std::size_t i = 0; i < family.size(); ++i) {
    add_use(family[i], use);
    for (const pid_t child : children_of(family[i])) family.push_back(child);
  }
  return use;
}

}  // namespace countersign::bench
