// Lines of the log that come again and again, such as refusals: strangers decide how often. The first of a kind and
// source is written at once; those that follow are counted, and one line a minute says how many.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace countersign::auth {

class LogGroups {
 public:
  using Time = std::chrono::milliseconds;  // monotonic
  // The line, with its source under that name.
  using Line = std::function<std::string(std::string_view source)>;
  struct Counted {
    std::string line;
    std::uint64_t count = 0;

    friend bool operator==(const Counted&, const Counted&) = default;
  };

  static constexpr Time kPeriod = std::chrono::minutes(1);
  // Of kinds and sources. Sources beyond them are one, kOthers, in each kind; kinds are few, for no stranger names one.
  static constexpr std::size_t kGroupsMax = 4096;
  static constexpr std::string_view kOthers = "others";

  // True where the line is the first, and to be written. All may be called by any thread.
  bool is_first(const std::string& kind, const std::string& source, const Line& line, Time now);
  // What to write of those whose minute is over: of each the first line that was counted in it, and how many were.
  std::vector<Counted> take_due(Time now);
  // The same of all, whether their minute is over or not.
  std::vector<Counted> take_all();

 private:
  struct Group {
    Time until{};
    std::uint64_t count = 0;  // behind the first
    std::string line;
  };
  std::vector<Counted> take(Time now, bool all);

  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Group> groups_;
};

}  // namespace countersign::auth
