#include "storage/folder_rule.hpp"

#include "storage/names.hpp"

namespace countersign::storage {

Status check_folder_rule(
    const Batch& batch, const std::function<Result<bool>(std::string_view)>& exists,
    const std::function<Result<std::vector<std::string>>(std::string_view, std::size_t)>& first_of) {
  const auto& changes = batch.changes();
  for (const auto& [name, bytes] : changes) {
    if (!bytes) continue;
    for (const std::string_view folder : folders_of(name)) {
      const auto change = changes.find(std::string(folder));
      const bool remains = change != changes.end() ? change->second.has_value() : TRY(exists(folder));
      if (remains) return fail(ErrorCode::conflict, name + ": a folder of it is a name");
    }
    const std::string inside = name + "/";
    std::size_t erased = 0;
    for (auto next = changes.lower_bound(inside); next != changes.end() && next->first.starts_with(inside); ++next) {
      if (next->second) return fail(ErrorCode::conflict, name + ": would be a folder of names");
      ++erased;
    }
    // One more than the batch erases: if that many are there, one of them stays.
    for (const std::string& there : TRY(first_of(inside, erased + 1))) {
      if (!changes.contains(there)) return fail(ErrorCode::conflict, name + ": is a folder of names");
    }
  }
  return ok();
}

}  // namespace countersign::storage
