// Files that a command reads or writes piece by piece.
#pragma once

#include <filesystem>
#include <string>

#include "auth/records/backup_file.hpp"
#include "storage/base/result.hpp"
#include "storage/new_file.hpp"

namespace countersign::cli {

// A file that a person named, where "-" would be stdout. As NewFile::begin(), with what to do.
Result<storage::NewFile> begin_output(const std::string& path);
// May the command write to stdout in place of a file?
enum class ToStdout { too, never };
// The same of what is the only copy of something: file_refused where a file is there already, usage for "-" where that
// is no file.
Result<storage::NewFile> begin_only_copy(const std::string& path, ToStdout to_stdout);

// The bytes of a file from its beginning. not_found, file_refused.
Result<auth::records::ByteSource> read_file(const std::filesystem::path& path);

// That a file which a person named was not opened, by errno: not_found where it is not there, else file_refused.
Error unopened_file(const std::filesystem::path& path);

// Removes it for good. storage_unavailable.
Status remove_file(const std::filesystem::path& path);

}  // namespace countersign::cli
