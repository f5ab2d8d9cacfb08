#include "auth/throttle/throttle.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "storage/base/bytes.hpp"

namespace countersign::auth {

std::string throttle_key(const std::string& source) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, source.c_str(), &address) != 1) return source;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    std::array<char, INET_ADDRSTRLEN> dotted{};
    ::inet_ntop(AF_INET, &address.s6_addr[12], dotted.data(), dotted.size());
    return dotted.data();
  }
  return hex(ByteView(address.s6_addr, 8));
}

bool Throttle::take_from(Bucket& bucket, std::chrono::milliseconds now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.at).count();
  bucket.left = std::min(limits_.burst, bucket.left + seconds * limits_.per_second);
  bucket.at = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

// A bucket that is full again says nothing that a new one would not.
void Throttle::forget_rested(std::chrono::milliseconds now) {
  std::erase_if(buckets_, [&](const auto& entry) {
    const double seconds = std::chrono::duration<double>(now - entry.second.at).count();
    return entry.second.left + seconds * limits_.per_second >= limits_.burst;
  });
}

Status Throttle::take(const std::string& source, std::chrono::milliseconds now) {
  const std::string key = throttle_key(source);
  const std::lock_guard lock(mutex_);
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    // At most once a second, since a full table is when a flood is on.
    if (buckets_.size() >= limits_.sources_max && now - forgot_at_ >= std::chrono::seconds(1)) {
      forgot_at_ = now;
      forget_rested(now);
    }
    if (buckets_.size() < limits_.sources_max) found = buckets_.emplace(key, Bucket{limits_.burst, now}).first;
  }
  if (found == buckets_.end() && !rest_used_) {
    rest_used_ = true;
    rest_ = {limits_.burst, now};
  }
  if (take_from(found == buckets_.end() ? rest_ : found->second, now)) return ok();
  return fail(ErrorCode::slow_down, "too many requests from " + source);
}

std::size_t Throttle::sources() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

}  // namespace countersign::auth
