// Token buckets by key: what strangers may ask for, by where they come from or by whom they name. The table is bounded,
// and whoever finds it full shares one bucket with the rest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/base/limit_settings.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::throttle {

// A bucket as it is saved: what is left in it, in thousandths.
struct ThrottleLevel {
  std::string key;
  std::int64_t left_thousandths = 0;
};

// Any thread.
class Throttle {
 public:
  explicit Throttle(ThrottleLimits limits) : limits_(limits) {}

  // Takes one from the key's bucket; slow_down where it is empty. `now` is monotonic.
  Status take(const std::string& key, std::chrono::milliseconds now);
  std::size_t keys() const;

  // The buckets that are not full, and those of an earlier process, `rested` ago. A bucket that two speak of keeps the
  // lower level.
  std::vector<ThrottleLevel> levels(std::chrono::milliseconds now) const;
  void restore(const std::vector<ThrottleLevel>& levels, std::chrono::milliseconds rested,
               std::chrono::milliseconds now);

 private:
  struct Bucket {
    double left = 0;
    std::chrono::milliseconds at{};
  };
  double level_at(const Bucket& bucket, std::chrono::milliseconds now) const;
  bool take_from(Bucket& bucket, std::chrono::milliseconds now) const;
  void forget_rested(std::chrono::milliseconds now);

  const ThrottleLimits limits_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
  Bucket rest_{0, {}};
  bool rest_used_ = false;
  std::chrono::milliseconds forgot_at_{};
};

// Pure: the bucket that an address belongs to. An IPv6 address is cut to its first four groups, one that
// stands for an IPv4 address is that address; other text stays as it is.
std::string throttle_key(const std::string& source);

}  // namespace countersign::auth::throttle
