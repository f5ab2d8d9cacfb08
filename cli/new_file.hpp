// A file that is written piece by piece and is there whole, mode 0600 and on the disk, or not at all.
#pragma once

#include <filesystem>

#include "auth/backup/backup_file.hpp"
#include "storage/base/file_descriptor.hpp"
#include "storage/base/result.hpp"

namespace countersign::cli {

class NewFile {
 public:
  // Under a temporary name beside `path`. storage_unavailable.
  static Result<NewFile> begin(const std::filesystem::path& path);
  NewFile(NewFile&&) noexcept = default;
  NewFile& operator=(NewFile&&) = delete;
  // What was not finished is removed.
  ~NewFile();

  Status add(ByteView bytes);
  // fsync, rename in the place of any older one, fsync the folder.
  Status finish();

 private:
  NewFile(std::filesystem::path path, std::filesystem::path temporary, FileDescriptor file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty once it is finished
  FileDescriptor file_;
};

// The bytes of a file from its beginning. file_refused where it cannot be opened.
Result<auth::ByteSource> read_file(const std::filesystem::path& path);

// Removes it for good. storage_unavailable.
Status remove_file(const std::filesystem::path& path);

}  // namespace countersign::cli
