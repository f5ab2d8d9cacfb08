#include "cli/environment.hpp"

#include <unistd.h>

#include <string_view>

namespace countersign::cli {

Environment Environment::of_process() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Environment(std::move(variables));
}

std::optional<std::string> Environment::find(const std::string& name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::vector<std::string> Environment::list_names(const std::string& prefix) const {
  std::vector<std::string> names;
  for (auto entry = variables_.lower_bound(prefix); entry != variables_.end(); ++entry) {
    if (!entry->first.starts_with(prefix)) break;
    if (!entry->second.empty()) names.push_back(entry->first);
  }
  return names;
}

}  // namespace countersign::cli
