#include "cli/maintenance.hpp"

#include <exception>

namespace countersign::cli {

Status Maintenance::work() {
  try {
    return work_();
  } catch (const std::exception& error) {
    return fail(ErrorCode::failed, error.what());
  }
}

void Maintenance::run() noexcept {
  try {
    const Status done = work();
    if (done && !told_) return;
    if (!done && told_ && told_->code == done.error().code && told_->detail == done.error().detail) return;
    tell_(done);
    told_ = done ? std::nullopt : std::optional<Error>(done.error());
  } catch (const std::exception&) {
    // Not even the memory to speak of it: the next second does.
  }
}

}  // namespace countersign::cli
