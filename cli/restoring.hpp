// Putting the store of a data folder back, with nobody else at work on it.
//
// A backup is first copied beside the store and verified whole; then the copy gets the name `restore.pending` and the
// store is promised to become it. From there on whoever opens the data folder brings the restore to its end first,
// however often it is stopped, on every medium alike: before the promise the store is the old one, after it the new.
#pragma once

#include <filesystem>
#include <functional>

#include "auth/upkeep/restoring.hpp"
#include "cli/settings.hpp"

namespace countersign::cli {

struct PutBack {
  auth::upkeep::BackupFacts facts;
  auth::upkeep::Adopted adopted;
};

// conflict where the store has records and `replace` does not say that they may go; as verify_backup(), and then the
// store is as it was. busy.
Result<PutBack> restore_backup(const std::filesystem::path& folder, const Settings& settings,
                               auth::records::ByteSource source, bool replace, const Progress& progress);

// Takes a medium that was put back by other means into use. conflict where it is none; medium_restored where it is in
// use already and only revocations are missing, which are to wait. busy.
Result<auth::upkeep::Adopted> accept_medium(const std::filesystem::path& folder, const Settings& settings,
                                            auth::upkeep::MissingRevocations missing);

bool has_pending_restore(const std::filesystem::path& folder);
// Brings it to its end; nothing to do where there is none any more. busy.
Status finish_pending_restore(const std::filesystem::path& folder, const Settings& settings);

}  // namespace countersign::cli
