#include "auth/passwords/hasher.hpp"

#include <algorithm>
#include <optional>
#include <thread>

namespace countersign::auth::passwords {

std::size_t hashes_at_once() {
  return std::max(1u, std::thread::hardware_concurrency());
}

Hasher::Hasher(HasherSettings settings)
    : settings_(std::move(settings)),
      work_({settings_.at_once == 0 ? hashes_at_once() : settings_.at_once, settings_.queue_max, ErrorCode::hasher_busy,
             ErrorCode::hasher_failed}) {}

Result<Secret> Hasher::hash(const HashRequest& request) {
  std::optional<Result<Secret>> outcome;
  TRY(work_.run([&] {
    static thread_local Arena arena;
    outcome = settings_.compute(request, arena);
  }));
  return *std::move(outcome);
}

}  // namespace countersign::auth::passwords
