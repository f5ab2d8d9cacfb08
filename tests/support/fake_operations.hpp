// Operations that answer what a test wants and remember what they were asked.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "transport/operations/operation.hpp"

namespace countersign::test {

// Any thread at any time, but set `answer` before the first request.
class FakeOperations final : public transport::Operations {
 public:
  std::function<Result<Json>(const transport::Message&)> answer;

  Result<Json> run(const transport::Message& message) override {
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(message);
    }
    if (answer) return answer(message);
    return Json::object().set("operation", message.operation);
  }

  std::vector<transport::Message> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<transport::Message> seen_;
};

}  // namespace countersign::test
