// Files that only the server's user may read: the secrets and the floor. Mode 0600 in a folder of mode 0700; whatever
// is more open, a link, or not a regular file is refused rather than repaired (S76).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "storage/base/bytes.hpp"
#include "storage/base/file_descriptor.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::secrets {

// 1 MiB at most. not_found, startup_refused (mode, owner, kind), storage_unavailable.
Result<Secret> read_private_file(const std::filesystem::path& path);
// A credential as systemd hands it to a service (LoadCredential= in systemd.exec(5)): ours or root's, read-only, and
// closed to everybody but the service's user, by an access list that shows as the group's mode. The failures are those
// of read_private_file().
Result<Secret> read_credential(const std::filesystem::path& path);
// As a NewFile is written. storage_unavailable, entropy_unavailable.
Status write_private_file(const std::filesystem::path& path, ByteView bytes);
// Writes over every byte of it; nothing where it is absent. No promise on media that write elsewhere, flash above all.
// storage_unavailable.
Status overwrite_private_file(const std::filesystem::path& path);
// Overwrites it, removes it, fsyncs the folder. storage_unavailable.
Status destroy_private_file(const std::filesystem::path& path);
// A folder of mode 0700, ours, not a link. startup_refused, also where there is none; storage_unavailable.
Status check_private_folder(const std::filesystem::path& path);
// mkdir with mode 0700; an existing one must be a folder of that mode. startup_refused, storage_unavailable.
Status make_private_folder(const std::filesystem::path& path);

// A flock on a file, held until destroyed; released by the kernel when the process dies.
class FileLock {
 public:
  // Exclusive, waited for, but not for ever: whoever has it may be stopped. The file is made if absent. busy,
  // storage_unavailable.
  static Result<FileLock> acquire(const std::filesystem::path& path,
                                  std::chrono::milliseconds patience = std::chrono::seconds(2));
  // Of a file that is there. Shared with others that do the same; not waited for: busy where it cannot be had at once.
  static Result<FileLock> share(const std::filesystem::path& path);
  // Of a file that is there, exclusive, not waited for: busy while anybody has it.
  static Result<FileLock> seize(const std::filesystem::path& path);

 private:
  explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}
  static Result<FileLock> take_at_once(const std::filesystem::path& path, int how);
  FileDescriptor file_;  // closing it unlocks
};

}  // namespace countersign::auth::secrets
