// A map and a mutex, for tests.
#pragma once

#include <map>
#include <mutex>

#include "storage/medium.hpp"

namespace countersign::storage {

class MemoryMedium final : public Medium {
 public:
  Result<Entry> read(std::string_view name) override;
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override;
  Status commit(const Batch& batch) override;
  Result<Mark> mark() override;

 private:
  Result<std::vector<std::string>> list_locked(std::string_view prefix, std::string_view after,
                                               std::size_t limit) const;

  std::mutex mutex_;
  std::map<std::string, Bytes, std::less<>> values_;
  std::uint64_t commits_ = 0;
};

}  // namespace countersign::storage
