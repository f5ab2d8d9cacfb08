// What was refused before it was an operation, by its reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace countersign::transport::metrics {

// Any thread.
class RefusalCounts {
 public:
  // Reasons are constants of ours, some thirty of them. More than these are counted together, as `other`.
  static constexpr std::size_t kReasonsMax = 64;

  void count(std::string_view reason);
  std::map<std::string, std::uint64_t, std::less<>> by_reason() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace countersign::transport::metrics
