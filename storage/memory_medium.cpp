#include "storage/memory_medium.hpp"

#include "storage/folder_rule.hpp"

namespace countersign::storage {

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
  return list_locked(prefix, after, limit);
}

Result<std::vector<std::string>> MemoryMedium::list_locked(std::string_view prefix, std::string_view after,
                                                           std::size_t limit) const {
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
    const auto found = values_.find(name);
    const auto version = found == values_.end() ? std::nullopt : std::optional(Version::of(found->second));
    if (!holds(precondition, version)) return fail(ErrorCode::conflict, name);
  }
  TRY(check_folder_rule(
      batch, [&](std::string_view name) -> Result<bool> { return values_.contains(name); },
      [&](std::string_view prefix, std::size_t limit) { return list_locked(prefix, "", limit); }));
  ++commits_;
  for (const auto& [name, bytes] : batch.changes()) {
    if (bytes) {
      values_.insert_or_assign(name, *bytes);
    } else {
      values_.erase(name);
    }
  }
  return ok();
}

Result<Mark> MemoryMedium::mark() {
  const std::lock_guard lock(mutex_);
  return Mark{commits_};
}

}  // namespace countersign::storage
