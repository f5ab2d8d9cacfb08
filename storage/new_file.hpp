// A file that is written piece by piece and is there whole, mode 0600 and on the disk, or not at all.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "storage/base/bytes.hpp"
#include "storage/base/file_descriptor.hpp"
#include "storage/base/result.hpp"

namespace countersign::storage {

class NewFile {
 public:
  // Under a random name beside `path`, locked for as long as it is written; what earlier runs for the same path left
  // there, and nobody writes to any more, is removed. file_refused where a link, a folder, a device or anything else
  // but a regular file is at `path`, or no file can be made there; storage_unavailable.
  static Result<NewFile> begin(const std::filesystem::path& path);
  NewFile(NewFile&&) noexcept = default;
  NewFile& operator=(NewFile&&) = delete;
  // What was not finished is removed.
  ~NewFile();

  // storage_unavailable.
  Status add(ByteView bytes);
  // fsync, rename in the place of any older one, fsync the folder. As begin().
  Status finish();

 private:
  NewFile(std::filesystem::path path, std::filesystem::path temporary, FileDescriptor file)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // of a file that is not finished
  FileDescriptor file_;
};

// fsync of a folder, so that what was renamed or removed in it stays so. storage_unavailable.
Status sync_folder(const std::filesystem::path& path);

// The name of the file that such a temporary one was to become; nothing where it is none's.
std::optional<std::string_view> name_of_unfinished(std::string_view name);

}  // namespace countersign::storage
