// Limits per source on what strangers may ask for. A token bucket for each address (an IPv4 address, an IPv6 /64); the
// table is bounded, and whoever finds it full shares one bucket with the rest. Nobody can lock another out: the key of
// a bucket is where a request comes from, never whom it names.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "storage/base/result.hpp"

namespace countersign::auth {

struct ThrottleLimits {
  double burst = 1200;     // requests at once
  double per_second = 20;  // and from then on
  std::size_t sources_max = 4096;
};

// Any thread.
class Throttle {
 public:
  explicit Throttle(ThrottleLimits limits) : limits_(limits) {}

  // Takes one from the source's bucket; slow_down where it is empty. `now` is monotonic.
  Status take(const std::string& source, std::chrono::milliseconds now);
  std::size_t sources() const;

 private:
  struct Bucket {
    double left = 0;
    std::chrono::milliseconds at{};
  };
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

}  // namespace countersign::auth
