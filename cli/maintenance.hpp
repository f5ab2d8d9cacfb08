// Work that comes again every second, and whose failing must neither end a server nor fill its log.
#pragma once

#include <functional>
#include <optional>

#include "storage/base/result.hpp"

namespace countersign::cli {

// One thread.
class Maintenance {
 public:
  using Tell = std::function<void(const Status&)>;

  // `tell` hears of a failure once for as long as it stays the same, and of the first success after one.
  Maintenance(std::function<Status()> work, Tell tell) : work_(std::move(work)), tell_(std::move(tell)) {}
  // What the work throws is a failure as any other: a second in which there was no memory.
  void run() noexcept;

 private:
  Status work();

  const std::function<Status()> work_;
  const Tell tell_;
  std::optional<Error> told_;
};

}  // namespace countersign::cli
