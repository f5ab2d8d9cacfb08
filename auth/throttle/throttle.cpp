#include "auth/throttle/throttle.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "storage/base/bytes.hpp"

namespace countersign::auth::throttle {

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

double Throttle::level_at(const Bucket& bucket, std::chrono::milliseconds now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(limits_.burst, bucket.left + seconds * limits_.per_second);
}

bool Throttle::take_from(Bucket& bucket, std::chrono::milliseconds now) const {
  bucket.left = level_at(bucket, now);
  bucket.at = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

// A bucket that is full again says nothing that a new one would not.
void Throttle::forget_rested(std::chrono::milliseconds now) {
  std::erase_if(buckets_, [&](const auto& entry) { return level_at(entry.second, now) >= limits_.burst; });
}

Status Throttle::take(const std::string& key, std::chrono::milliseconds now) {
  const std::lock_guard lock(mutex_);
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    // At most once a second, since a full table is when a flood is on.
    if (buckets_.size() >= limits_.keys_max && now - forgot_at_ >= std::chrono::seconds(1)) {
      forgot_at_ = now;
      forget_rested(now);
    }
    if (buckets_.size() < limits_.keys_max) found = buckets_.emplace(key, Bucket{limits_.burst, now}).first;
  }
  if (found == buckets_.end() && !rest_used_) {
    rest_used_ = true;
    rest_ = {limits_.burst, now};
  }
  if (take_from(found == buckets_.end() ? rest_ : found->second, now)) return ok();
  return fail(ErrorCode::slow_down, "too many attempts: " + key);
}

std::size_t Throttle::keys() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

std::vector<ThrottleLevel> Throttle::levels(std::chrono::milliseconds now) const {
  const std::lock_guard lock(mutex_);
  std::vector<ThrottleLevel> levels;
  for (const auto& [key, bucket] : buckets_) {
    const double left = level_at(bucket, now);
    if (left < limits_.burst) levels.push_back({key, static_cast<std::int64_t>(left * 1000)});
  }
  return levels;
}

void Throttle::restore(const std::vector<ThrottleLevel>& levels, std::chrono::milliseconds rested,
                       std::chrono::milliseconds now) {
  const std::lock_guard lock(mutex_);
  for (const ThrottleLevel& level : levels) {
    if (buckets_.size() >= limits_.keys_max) break;
    // As if it had been used then; what has rested since is counted when it is asked for.
    const Bucket bucket{std::clamp(static_cast<double>(level.left_thousandths) / 1000, 0.0, limits_.burst),
                        now - rested};
    const auto [entry, added] = buckets_.emplace(level.key, bucket);
    if (!added && level_at(bucket, now) < level_at(entry->second, now)) entry->second = bucket;
  }
}

}  // namespace countersign::auth::throttle
