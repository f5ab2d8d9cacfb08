#include "tests/endurance/standing.hpp"

#include <algorithm>
#include <chrono>
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

}  // namespace

Standing standing_of(pid_t process) {
  Standing standing;
  std::vector<pid_t> family = {process};
  for (std::size_t i = 0; i < family.size(); ++i) {
    const std::string status = text_of(folder_of(family[i]) / "status");
    standing.rss_kib += number_in(status, "VmRSS");
    standing.threads += static_cast<std::size_t>(number_in(status, "Threads"));
    standing.descriptors += entries_of(folder_of(family[i]) / "fd").size();
    for (const pid_t child : children_of(family[i])) family.push_back(child);
  }
  return standing;
}

MemoryWatch::MemoryWatch(pid_t process)
    : thread_([this, process] {
        while (!stopped_) {
          rss_kib_max_ = std::max(rss_kib_max_.load(), standing_of(process).rss_kib);
          std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
      }) {}

MemoryWatch::~MemoryWatch() {
  stopped_ = true;
  thread_.join();
}

}  // namespace countersign::test
