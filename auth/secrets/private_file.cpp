#include "auth/secrets/private_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "storage/base/shell.hpp"
#include "storage/flock_within.hpp"
#include "storage/new_file.hpp"
#include "storage/write_all.hpp"

namespace countersign::auth::secrets {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

tl::unexpected<Error> system_failure(const std::filesystem::path& path) {
  return fail(ErrorCode::storage_unavailable, path.string() + ": " + std::strerror(errno));
}

// What a link leads to can be changed by whoever may write beside it.
tl::unexpected<Error> refuse_link(const std::filesystem::path& path) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  return fail(ErrorCode::startup_refused, path.string() + " is a link, and none is followed: name " +
                                              (error ? "what it leads to" : target.string()) +
                                              " instead, or put that in its place");
}

Status check_private(const std::filesystem::path& path, const struct stat& info, mode_t kind) {
  if (S_ISLNK(info.st_mode)) return refuse_link(path);
  if ((info.st_mode & S_IFMT) != kind) {
    return fail(ErrorCode::startup_refused, path.string() + " is no " + (kind == S_IFDIR ? "folder" : "file"));
  }
  if (info.st_uid != ::geteuid())
    return fail(ErrorCode::startup_refused,
                path.string() + " belongs to another user: run this as that user, or chown it");
  if ((info.st_mode & 077) != 0) {
    return fail(ErrorCode::startup_refused,
                path.string() + " is open to other users; run: chmod go= " + quoted_for_shell(path.string()));
  }
  return ok();
}

template <class Check>
Result<Secret> read_whole(const std::filesystem::path& path, const Check& check) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT) return fail(ErrorCode::not_found, path.string() + " is not there");
    if (errno == ELOOP) return refuse_link(path);
    return system_failure(path);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return system_failure(path);
  TRY(check(info));
  Secret bytes(kFileBytesMax < static_cast<std::size_t>(info.st_size) ? 0 : static_cast<std::size_t>(info.st_size));
  if (bytes.size() != static_cast<std::size_t>(info.st_size)) {
    return fail(ErrorCode::startup_refused, path.string() + " is too large");
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.writable().data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return system_failure(path);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Status write_whole(const std::filesystem::path& path, ByteView bytes) {
  storage::NewFile file = TRY(storage::NewFile::begin(path));
  TRY(file.add(bytes));
  return file.finish();
}

}  // namespace

Result<Secret> read_private_file(const std::filesystem::path& path) {
  return read_whole(path, [&](const struct stat& info) { return check_private(path, info, S_IFREG); });
}

Result<Secret> read_credential(const std::filesystem::path& path) {
  return read_whole(path, [&](const struct stat& info) -> Status {
    const bool trusted = info.st_uid == 0 || info.st_uid == ::geteuid();
    if (S_ISREG(info.st_mode) && trusted && (info.st_mode & 0027) == 0) return ok();
    return fail(ErrorCode::startup_refused, path.string() + " is no credential as systemd hands it over: a file of " +
                                                "root's that nobody but the service reads");
  });
}

Status write_private_file(const std::filesystem::path& path, ByteView bytes) {
  const Status written = write_whole(path, bytes);
  if (written || written.error().code != ErrorCode::file_refused) return written;
  return fail(ErrorCode::storage_unavailable, written.error().detail);  // nobody named it
}

Status overwrite_private_file(const std::filesystem::path& path) {
  const FileDescriptor opened(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (opened.get() < 0) return errno == ENOENT ? ok() : Status(system_failure(path));
  const off_t size = ::lseek(opened.get(), 0, SEEK_END);
  if (size < 0 || ::lseek(opened.get(), 0, SEEK_SET) != 0) return system_failure(path);
  const Bytes zeros(static_cast<std::size_t>(size), '0');
  if (!storage::write_all(opened.get(), zeros) || ::fsync(opened.get()) != 0) return system_failure(path);
  return ok();
}

Status destroy_private_file(const std::filesystem::path& path) {
  TRY(overwrite_private_file(path));
  if (::unlink(path.c_str()) != 0) return system_failure(path);
  return storage::sync_folder(path.parent_path());
}

Status check_private_folder(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return fail(ErrorCode::startup_refused, path.string() + " is not there");
    return system_failure(path);
  }
  return check_private(path, info, S_IFDIR);
}

Status make_private_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return ok();
  if (errno != EEXIST) return system_failure(path);
  return check_private_folder(path);
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path, std::chrono::milliseconds patience) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return system_failure(path);
  if (storage::flock_within(file.get(), LOCK_EX, patience)) return FileLock(std::move(file));
  if (errno != EWOULDBLOCK) return system_failure(path);
  return fail(ErrorCode::busy,
              path.string() + " is held by another process, which `lslocks` names: let it end, or stop it");
}

Result<FileLock> FileLock::take_at_once(const std::filesystem::path& path, int how) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) return system_failure(path);
  if (::flock(file.get(), how | LOCK_NB) == 0) return FileLock(std::move(file));
  if (errno == EWOULDBLOCK) return fail(ErrorCode::busy, path.string() + " is locked");
  return system_failure(path);
}

Result<FileLock> FileLock::share(const std::filesystem::path& path) {
  return take_at_once(path, LOCK_SH);
}

Result<FileLock> FileLock::seize(const std::filesystem::path& path) {
  return take_at_once(path, LOCK_EX);
}

}  // namespace countersign::auth::secrets
