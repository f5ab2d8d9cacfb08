#include "storage/batch.hpp"

#include <cassert>

#include "storage/names.hpp"

namespace countersign::storage {

void Batch::put(std::string name, ByteView bytes) {
  changes_.insert_or_assign(std::move(name), Bytes(bytes.begin(), bytes.end()));
}

void Batch::erase(std::string name) {
  changes_.insert_or_assign(std::move(name), std::nullopt);
}

void Batch::require_absent(std::string name) {
  const bool added = preconditions_.emplace(std::move(name), Absent{}).second;
  assert(added && "one precondition a name");
  (void)added;
}

void Batch::require_version(std::string name, Version version) {
  const bool added = preconditions_.emplace(std::move(name), version).second;
  assert(added && "one precondition a name");
  (void)added;
}

bool Batch::can_be_followed_by(const Batch& other) const {
  for (const auto& [name, precondition] : other.preconditions_) {
    if (changes_.contains(name)) return false;
    const auto own = preconditions_.find(name);
    if (own != preconditions_.end() && own->second != precondition) return false;
  }
  return true;
}

void Batch::follow_with(const Batch& other) {
  for (const auto& [name, bytes] : other.changes_) changes_.insert_or_assign(name, bytes);
  preconditions_.insert(other.preconditions_.begin(), other.preconditions_.end());
}

bool holds(const Batch::Precondition& precondition, const std::optional<Version>& found) {
  if (std::holds_alternative<Batch::Absent>(precondition)) return !found;
  return found && *found == std::get<Version>(precondition);
}

Status Batch::check() const {
  for (const auto& [name, bytes] : changes_) {
    TRY(check_name(name));
    if (bytes && bytes->size() > kValueBytesMax) return fail(ErrorCode::message_too_large, name);
  }
  for (const auto& [name, precondition] : preconditions_) TRY(check_name(name));
  return ok();
}

}  // namespace countersign::storage
