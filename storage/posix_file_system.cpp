#include "storage/posix_file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "storage/base/handle.hpp"
#include "storage/base/shell.hpp"
#include "storage/base/text.hpp"
#include "storage/flock_within.hpp"
#include "storage/write_all.hpp"

namespace countersign::storage {
namespace {

using std::chrono::milliseconds;

class Flock final : public FileLock {
 public:
  explicit Flock(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  FileDescriptor descriptor_;  // closing it unlocks: every lock has an open file of its own
};

tl::unexpected<Error> failure(const std::string& path, int error) {
  const std::string detail = escape_for_display(path) + ": " + std::strerror(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return fail(ErrorCode::not_found, detail);
    case ELOOP:
    case EXDEV:
      return fail(ErrorCode::file_refused, detail);
    default:
      return fail(ErrorCode::storage_unavailable, detail);
  }
}

// openat2(2) has no wrapper in glibc. EAGAIN means that something was renamed meanwhile, and is worth another try.
Result<FileDescriptor> open_beneath(int folder, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  for (int tries = 0; tries < 100; ++tries) {
    const long opened = syscall(SYS_openat2, folder, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (opened >= 0) return FileDescriptor(static_cast<int>(opened));
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return failure(path, errno);
}

struct Place {
  FileDescriptor folder;
  std::string leaf;
};

// The calls that take a folder and a last part follow no link in that part.
Result<Place> place_of(int root, const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
  Result<FileDescriptor> opened = open_beneath(root, folder, O_PATH | O_DIRECTORY, 0);
  if (!opened) return tl::unexpected<Error>(std::move(opened).error());
  return Place{*std::move(opened), slash == std::string::npos ? path : path.substr(slash + 1)};
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::file;
  if (S_ISDIR(mode)) return FileKind::folder;
  return FileKind::other;
}

Result<FileDescriptor> open_regular(int root, const std::string& path) {
  // Not blocking, for a pipe would wait for a writer.
  Result<FileDescriptor> opened = open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
  if (!opened) return opened;
  struct stat facts {};
  if (fstat(opened->get(), &facts) != 0) return failure(path, errno);
  if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::file_refused, escape_for_display(path) + ": not a regular file");
  return opened;
}

// Since Linux 4.13 a lost write is reported to the first fsync after it, also through another open of the file.
Status sync(int root, const std::string& path, int flags) {
  const FileDescriptor descriptor = TRY(open_beneath(root, path, flags, 0));
  if (fsync(descriptor.get()) != 0) return fail(ErrorCode::storage_unavailable, path + ": " + std::strerror(errno));
  return ok();
}

}  // namespace

PosixFileSystem::PosixFileSystem(FileDescriptor folder, std::string lock_path, milliseconds lock_timeout)
    : folder_(std::move(folder)), lock_path_(std::move(lock_path)), lock_timeout_(lock_timeout) {}

Result<std::unique_ptr<PosixFileSystem>> PosixFileSystem::open(const std::filesystem::path& folder,
                                                               std::string lock_path, milliseconds lock_timeout) {
  FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat facts {};
  if (descriptor.get() < 0 || fstat(descriptor.get(), &facts) != 0) {
    return fail(ErrorCode::startup_refused, folder.native() + ": " + std::strerror(errno));
  }
  if ((facts.st_mode & 077) != 0)
    return fail(ErrorCode::startup_refused,
                folder.native() + ": others may use it; run: chmod go= " + quoted_for_shell(folder.native()));
  return std::unique_ptr<PosixFileSystem>(
      new PosixFileSystem(std::move(descriptor), std::move(lock_path), lock_timeout));
}

Result<Bytes> PosixFileSystem::read(const std::string& path, std::size_t bytes_max) {
  Result<FileDescriptor> opened = open_regular(folder_.get(), path);
  if (!opened) return tl::unexpected<Error>(std::move(opened).error());
  Bytes bytes;
  std::uint8_t buffer[16384];
  while (bytes.size() < bytes_max) {
    const ssize_t got = ::read(opened->get(), buffer, std::min(sizeof buffer, bytes_max - bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::storage_unavailable, path + ": " + std::strerror(errno));
    if (got == 0) break;
    append(bytes, ByteView(buffer, static_cast<std::size_t>(got)));
  }
  return bytes;
}

Result<std::vector<FolderEntry>> PosixFileSystem::list(const std::string& path) {
  Result<FileDescriptor> opened = open_beneath(folder_.get(), path, O_RDONLY | O_DIRECTORY, 0);
  if (!opened) return tl::unexpected<Error>(std::move(opened).error());
  const std::unique_ptr<DIR, GiveBack<&closedir>> stream(fdopendir(opened->get()));
  if (!stream) return failure(path, errno);
  (void)opened->release();
  std::vector<FolderEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) return fail(ErrorCode::storage_unavailable, path + ": " + std::strerror(errno));
      return entries;
    }
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    FileKind kind = entry->d_type == DT_REG   ? FileKind::file
                    : entry->d_type == DT_DIR ? FileKind::folder
                                              : FileKind::other;
    struct stat facts {};
    if (entry->d_type == DT_UNKNOWN && fstatat(dirfd(stream.get()), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0) {
      kind = kind_of(facts.st_mode);
    }
    entries.push_back({name, kind});
  }
}

Result<FileKind> PosixFileSystem::look(const std::string& path) {
  Result<Place> place = place_of(folder_.get(), path);
  if (!place) {
    if (place.error().code == ErrorCode::not_found) return FileKind::absent;
    if (place.error().code == ErrorCode::file_refused) return FileKind::other;
    return tl::unexpected<Error>(std::move(place).error());
  }
  struct stat facts {};
  if (fstatat(place->folder.get(), place->leaf.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0)
    return kind_of(facts.st_mode);
  if (errno == ENOENT || errno == ENOTDIR) return FileKind::absent;
  return failure(path, errno);
}

Status PosixFileSystem::write(const FileChange& change) {
  const Place place = TRY(place_of(folder_.get(), change.path));
  if (unlinkat(place.folder.get(), place.leaf.c_str(), 0) != 0 && errno != ENOENT) return failure(change.path, errno);
  const FileDescriptor file = TRY(open_beneath(folder_.get(), change.path, O_WRONLY | O_CREAT | O_EXCL, 0600));
  if (!write_all(file.get(), change.bytes)) return failure(change.path, errno);
  return ok();
}

Status PosixFileSystem::change(const FileChange& change) {
  using Kind = FileChange::Kind;
  switch (change.kind) {
    case Kind::write:
      return write(change);
    case Kind::sync_file:
      return sync(folder_.get(), change.path, O_RDONLY | O_NONBLOCK);
    case Kind::sync_folder:
      return sync(folder_.get(), change.path, O_RDONLY | O_DIRECTORY);
    case Kind::rename:
    case Kind::remove_file:
    case Kind::make_folder:
    case Kind::remove_folder:
      break;
  }
  const Place place = TRY(place_of(folder_.get(), change.path));
  const int folder = place.folder.get();
  const char* leaf = place.leaf.c_str();
  int result = 0;
  if (change.kind == Kind::rename) {
    const Place target = TRY(place_of(folder_.get(), change.to));
    result = renameat(folder, leaf, target.folder.get(), target.leaf.c_str());
  } else if (change.kind == Kind::remove_file) {
    result = unlinkat(folder, leaf, 0);
  } else if (change.kind == Kind::remove_folder) {
    result = unlinkat(folder, leaf, AT_REMOVEDIR);
  } else {
    result = mkdirat(folder, leaf, 0700);
  }
  if (result == 0) return ok();
  const int error = errno;
  if (error == EEXIST || error == ENOTEMPTY) return fail(ErrorCode::conflict, escape_for_display(change.path));
  return failure(change.path, error);
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::lock(LockKind kind) {
  const std::lock_guard turn(turn_);
  // Read-only, so that a stick that is mounted read-only can be read.
  FileDescriptor file = TRY(open_regular(folder_.get(), lock_path_));
  const int operation = kind == LockKind::shared ? LOCK_SH : LOCK_EX;
  if (!flock_within(file.get(), operation, lock_timeout_)) {
    return fail(ErrorCode::storage_unavailable,
                lock_path_ + ": " + (errno == EWOULDBLOCK ? "held for too long" : std::strerror(errno)));
  }
  return std::make_unique<Flock>(std::move(file));
}

}  // namespace countersign::storage
