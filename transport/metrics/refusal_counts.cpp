#include "transport/metrics/refusal_counts.hpp"

namespace countersign::transport::metrics {

void RefusalCounts::count(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  auto found = counts_.find(reason);
  if (found == counts_.end()) {
    found = counts_.emplace(counts_.size() < kReasonsMax ? std::string(reason) : "other", 0).first;
  }
  ++found->second;
}

std::map<std::string, std::uint64_t, std::less<>> RefusalCounts::by_reason() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace countersign::transport::metrics
