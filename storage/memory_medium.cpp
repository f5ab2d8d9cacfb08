#include "storage/memory_medium.hpp"

namespace countersign::storage {
namespace {

using Values = std::map<std::string, Bytes, std::less<>>;

// What the map will be once the batch is applied, without a copy of the map.
class After {
 public:
  After(const Values& values, const Batch& batch) : values_(values), changes_(batch.changes()) {}

  bool has(std::string_view name) const {
    const auto change = changes_.find(std::string(name));
    return change != changes_.end() ? change->second.has_value() : values_.contains(name);
  }
  bool is_folder(const std::string& name) const {
    const std::string inside = name + "/";
    for (auto next = changes_.lower_bound(inside); next != changes_.end() && next->first.starts_with(inside); ++next) {
      if (next->second) return true;
    }
    for (auto next = values_.lower_bound(inside); next != values_.end() && next->first.starts_with(inside); ++next) {
      if (!changes_.contains(next->first)) return true;
    }
    return false;
  }

 private:
  const Values& values_;
  const std::map<std::string, std::optional<Bytes>>& changes_;
};

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
    const auto found = values_.find(name);
    const auto version = found == values_.end() ? std::nullopt : std::optional(Version::of(found->second));
    if (!holds(precondition, version)) return fail(ErrorCode::conflict, name);
  }
  const After after(values_, batch);
  for (const auto& [name, bytes] : batch.changes()) {
    if (!bytes) continue;
    for (const std::string_view folder : folders_of(name)) {
      if (after.has(folder)) return fail(ErrorCode::conflict, name + ": a folder of it is a name");
    }
    if (after.is_folder(name)) return fail(ErrorCode::conflict, name + ": is a folder of names");
  }
  for (const auto& [name, bytes] : batch.changes()) {
    if (bytes) {
      values_.insert_or_assign(name, *bytes);
    } else {
      values_.erase(name);
    }
  }
  return ok();
}

}  // namespace countersign::storage
