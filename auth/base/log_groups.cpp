#include "auth/base/log_groups.hpp"

namespace countersign::auth {

bool LogGroups::is_first(const std::string& kind, const std::string& source, const Line& line, Time now) {
  const std::lock_guard lock(mutex_);
  std::pair<std::string, std::string> key(kind, source);
  auto found = groups_.find(key);
  if (found == groups_.end() && groups_.size() >= kGroupsMax) {
    key.second = kOthers;
    found = groups_.find(key);
  }
  if (found == groups_.end()) {
    groups_.emplace(std::move(key), Group{now + kPeriod, 0, {}});
    return true;
  }
  Group& group = found->second;
  if (group.count++ == 0) group.line = line(found->first.second);
  return false;
}

std::vector<LogGroups::Counted> LogGroups::take_due(Time now) {
  return take(now, false);
}

std::vector<LogGroups::Counted> LogGroups::take_all() {
  return take({}, true);
}

std::vector<LogGroups::Counted> LogGroups::take(Time now, bool all) {
  std::vector<Counted> lines;
  const std::lock_guard lock(mutex_);
  for (auto at = groups_.begin(); at != groups_.end();) {
    Group& group = at->second;
    if (!all && now < group.until) {
      ++at;
      continue;
    }
    const bool silent = group.count == 0;
    if (!silent) lines.push_back({std::move(group.line), group.count});
    if (silent || all) {
      at = groups_.erase(at);
      continue;
    }
    group = Group{now + kPeriod, 0, {}};
    ++at;
  }
  return lines;
}

}  // namespace countersign::auth
