// What upkeep leaves behind of itself, so that every process on the store knows of it: a sealed record each, which one
// batch writes over.
//
//   server/backup             the last backup of this store
//   server/inspection         when every record was last read, and how many are damaged
//   server/refusals/<writer>  what one writer refused in this hour and in the one before
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "auth/context.hpp"

namespace countersign::auth::upkeep {

struct BackupNote {
  Instant at{};
  std::int64_t records = 0;
  std::int64_t bytes = 0;
};

struct InspectionNote {
  Instant at{};
  std::int64_t records = 0;
  std::int64_t damaged = 0;
};

struct RecentRefusals {
  Instant since{};
  std::map<std::string, std::int64_t> counts;  // by the name of the error code
};

// As Medium::commit().
Status note_backup(const Context& context, const BackupNote& note);
Status note_inspection(const Context& context, const InspectionNote& note);
// Nothing where none was noted. As find_record().
Result<std::optional<BackupNote>> last_backup(const Context& context);
Result<std::optional<InspectionNote>> last_inspection(const Context& context);

// Adds to what that writer refused. A record that does not hold begins anew. storage_unavailable.
Status stage_refusals(storage::Batch& batch, const Context& context, const std::string& writer,
                      const std::map<ErrorCode, std::int64_t>& counts, Instant now);
// Of all writers, in this hour and the one before. As find_record().
Result<RecentRefusals> recent_refusals(const Context& context, Instant now);

}  // namespace countersign::auth::upkeep
