// Where GnuPG's private homes lie: a folder in memory or in a runtime folder, gone when the server ends.
#pragma once

#include <filesystem>
#include <vector>

#include "storage/base/file_descriptor.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gnupg {

// Where such a folder may lie, best first: $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR, /dev/shm, /tmp. Reads the environment.
std::vector<std::filesystem::path> run_folder_places();

// Ours alone, mode 0700, locked as long as this lives. Short: the sockets in a home beneath have to fit 107 bytes.
class RunFolder {
 public:
  // In the first of the places where one can be made. What servers that were killed have left in any of them is removed
  // first. openpgp_unavailable.
  static Result<RunFolder> make(const std::vector<std::filesystem::path>& places);
  RunFolder(RunFolder&&) = default;
  RunFolder& operator=(RunFolder&&) = delete;
  // Removes it and all that is in it.
  ~RunFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  RunFolder(std::filesystem::path path, FileDescriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  FileDescriptor lock_;
};

// Removes a folder and what is in it, even while a process that is about to end still writes there.
void remove_folder(const std::filesystem::path& folder);

}  // namespace countersign::auth::openpgp::gnupg
