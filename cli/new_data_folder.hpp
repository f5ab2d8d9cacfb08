// A data folder that is made whole or not at all, also in an empty one whose parent is not ours to write to.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "auth/secrets/private_file.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

class NewDataFolder {
 public:
  // Makes the folder where it is absent, mode 0700, and takes an empty one of ours. What an earlier run left there that
  // was stopped counts as nothing. conflict where it is not empty, busy while another run makes it, startup_refused
  // where it is somebody else's, storage_unavailable.
  static Result<NewDataFolder> begin(const std::filesystem::path& folder);
  NewDataFolder(NewDataFolder&& other) noexcept;
  NewDataFolder& operator=(NewDataFolder&&) = delete;
  // What was not finished is removed.
  ~NewDataFolder();

  // Where its parts are to be made.
  const std::filesystem::path& workshop() const { return workshop_; }
  // Moves the parts to their place, the settings last: without them it is no data folder. storage_unavailable.
  Status finish();

 private:
  NewDataFolder(std::filesystem::path folder, bool made, auth::secrets::FileLock lock);
  void clear();

  std::filesystem::path folder_;
  std::filesystem::path workshop_;  // in the folder; empty once it is finished
  std::vector<std::filesystem::path> moved_;
  bool made_ = false;  // the folder was not there
  std::optional<auth::secrets::FileLock> lock_;
};

}  // namespace countersign::cli
