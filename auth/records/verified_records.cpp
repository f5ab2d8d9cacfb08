#include "auth/records/verified_records.hpp"

namespace countersign::auth::records {
namespace {

// Of the tables and the parsed form, beside the name and the bytes on the medium.
constexpr std::size_t kOverheadBytes = 512;

struct Absence {};

}  // namespace

VerifiedRecords::VerifiedRecords(storage::Medium& medium, const secrets::RecordSeal& seal, std::size_t bytes_max)
    : medium_(medium), seal_(seal), bytes_max_(bytes_max) {}

std::optional<VerifiedRecords::View> VerifiedRecords::view() {
  if (bytes_max_ == 0) return std::nullopt;
  const auto mark = medium_.mark();
  return mark ? std::optional(View(*this, *mark)) : std::nullopt;
}

Result<bool> VerifiedRecords::View::is_absent(const std::string& name) const {
  static const auto kPresent = std::make_shared<const Absence>();
  const Open open = [](const storage::Entry&) -> Result<std::shared_ptr<const void>> { return kPresent; };
  return TRY(of_.look_up(mark_, name, typeid(Absence), open)) == nullptr;
}

Result<std::shared_ptr<const void>> VerifiedRecords::look_up(storage::Mark mark, const std::string& name,
                                                             const std::type_info& type, const Open& open) {
  std::optional<Kept> known;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(name);
    if (found != kept_.end() && *found->second.type == type) {
      used_.splice(used_.begin(), used_, found->second.used);
      if (found->second.mark == mark) {
        ++counts_.served;
        return found->second.record;
      }
      known = found->second;
    }
  }
  // The mark is from before this, so what is read now is at least as new as it says.
  const auto entry = TRY(storage::find(medium_, name));
  Kept kept;
  kept.mark = mark;
  kept.type = &type;
  kept.bytes = 2 * name.size() + kOverheadBytes;
  if (entry) {
    kept.version = entry->version;
    kept.bytes += 2 * entry->bytes.size();
  }
  const bool is_unchanged = known && known->version == kept.version;
  if (is_unchanged) {
    kept.record = known->record;
  } else if (entry) {
    kept.record = TRY(open(*entry));
  }
  auto record = kept.record;
  const std::lock_guard lock(mutex_);
  ++(is_unchanged ? counts_.compared : counts_.opened);
  keep(name, std::move(kept));
  return record;
}

void VerifiedRecords::keep(const std::string& name, Kept kept) {
  drop(name);
  used_.push_front(name);
  kept.used = used_.begin();
  counts_.bytes += kept.bytes;
  kept_.emplace(name, std::move(kept));
  while (counts_.bytes > bytes_max_) drop(std::string(used_.back()));
}

void VerifiedRecords::drop(const std::string& name) {
  const auto found = kept_.find(name);
  if (found == kept_.end()) return;
  counts_.bytes -= found->second.bytes;
  used_.erase(found->second.used);
  kept_.erase(found);
}

VerifiedRecords::Counts VerifiedRecords::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.records = kept_.size();
  return counts;
}

}  // namespace countersign::auth::records
