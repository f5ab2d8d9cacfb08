// The variables of the process, as an argument, so that a test can choose them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace countersign::cli {

class Environment {
 public:
  // Those of this process.
  static Environment of_process();
  explicit Environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}

  // An empty variable counts as absent, as for the XDG folders.
  std::optional<std::string> find(const std::string& name) const;
  // The names of those that are there and begin so, in byte order.
  std::vector<std::string> list_names(const std::string& prefix) const;

 private:
  std::map<std::string, std::string> variables_;
};

}  // namespace countersign::cli
