#include "storage/memory_medium.hpp"

#include <algorithm>

namespace countersign::storage {
namespace {

using Values = std::map<std::string, Bytes, std::less<>>;

bool holds(const Values& values, const std::string& name, const Batch::Precondition& precondition) {
  const auto found = values.find(name);
  if (std::holds_alternative<Batch::Absent>(precondition)) return found == values.end();
  return found != values.end() && Version::of(found->second) == std::get<Version>(precondition);
}

}  // namespace

Result<Entry> MemoryMedium::read(std::string_view name) {
  TRY(check_name(name));
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(name);
  if (found == values_.end()) return fail(ErrorCode::not_found, std::string(name));
  return Entry{found->second, Version::of(found->second)};
}

Result<std::vector<std::string>> MemoryMedium::list(std::string_view prefix, std::string_view after,
                                                    std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  auto next = after < prefix ? values_.lower_bound(prefix) : values_.upper_bound(after);
  for (; next != values_.end() && next->first.starts_with(prefix) && names.size() < limit; ++next) {
    names.push_back(next->first);
  }
  return names;
}

Status MemoryMedium::commit(const Batch& batch) {
  TRY(batch.check());
  const std::lock_guard lock(mutex_);
  for (const auto& [name, precondition] : batch.preconditions()) {
    if (!holds(values_, name, precondition)) return fail(ErrorCode::conflict, name);
  }
  Values changed = values_;
  for (const auto& [name, bytes] : batch.changes()) {
    if (bytes) {
      changed.insert_or_assign(name, *bytes);
    } else {
      changed.erase(name);
    }
  }
  values_ = std::move(changed);
  return ok();
}

}  // namespace countersign::storage
