#include "tests/support/machine_use.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace countersign::test {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(pid_t process) {
  return fs::path("/proc") / std::to_string(process);
}

// Empty where the process is gone.
std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::int64_t number_in(const std::string& text, const std::string& name) {
  const auto at = text.find("\n" + name + ":");
  return at == std::string::npos ? 0 : std::stoll(text.substr(at + name.size() + 2));
}

// Fields 14 to 17. The name, field 2, may hold blanks and brackets, so it is skipped by its last bracket.
double processor_ms_in(const std::string& stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0, ended_user = 0, ended_system = 0;
  fields >> user >> system >> ended_user >> ended_system;
  return (user + system + ended_user + ended_system) * 1000 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// None where the process is gone, and it may go meanwhile.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    entries.push_back(at->path());
  }
  return entries;
}

// Each thread lists the children that it started.
std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  for (const fs::path& task : entries_of(folder_of(process) / "task")) {
    std::istringstream listed(text_of(task / "children"));
    for (pid_t child = 0; listed >> child;) children.push_back(child);
  }
  return children;
}

void add_use(const fs::path& folder, MachineUse& use) {
  const std::string status = text_of(folder / "status");
  use.processor_ms += processor_ms_in(text_of(folder / "stat"));
  use.rss_kib += number_in(status, "VmRSS");
  use.pss_kib += number_in(text_of(folder / "smaps_rollup"), "Pss");
  use.descriptors += entries_of(folder / "fd").size();
  use.threads += static_cast<std::size_t>(number_in(status, "Threads"));
}

}  // namespace

MachineUse use_of(pid_t process) {
  MachineUse use;
  use.peak_rss_kib = number_in(text_of(folder_of(process) / "status"), "VmHWM");
  std::vector<pid_t> family = {process};
  for (std::size_t i = 0; i < family.size(); ++i) {
    add_use(folder_of(family[i]), use);
    for (const pid_t child : children_of(family[i])) family.push_back(child);
  }
  return use;
}

}  // namespace countersign::test
