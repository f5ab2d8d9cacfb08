#include "cli/new_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "storage/write_all.hpp"

namespace countersign::cli {
namespace {

tl::unexpected<Error> failed_on(const std::filesystem::path& path) {
  return fail(ErrorCode::storage_unavailable, path.string() + ": " + std::strerror(errno));
}

Status sync_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path parent = std::filesystem::absolute(path).parent_path();
  const FileDescriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return failed_on(parent);
  return ok();
}

}  // namespace

Result<NewFile> NewFile::begin(const std::filesystem::path& path) {
  std::filesystem::path temporary = path.string() + ".new";
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return failed_on(temporary);
  // One that an earlier run left behind may be more open.
  if (::fchmod(file.get(), 0600) != 0) return failed_on(temporary);
  return NewFile(path, std::move(temporary), std::move(file));
}

NewFile::~NewFile() {
  if (file_.get() >= 0 && !temporary_.empty()) ::unlink(temporary_.c_str());
}

Status NewFile::add(ByteView bytes) {
  return storage::write_all(file_.get(), bytes) ? ok() : failed_on(temporary_);
}

Status NewFile::finish() {
  if (::fsync(file_.get()) != 0) return failed_on(temporary_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return failed_on(path_);
  temporary_.clear();
  return sync_folder_of(path_);
}

Result<auth::ByteSource> read_file(const std::filesystem::path& path) {
  auto file = std::make_shared<FileDescriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file->get() < 0) return fail(ErrorCode::file_refused, path.string() + ": " + std::strerror(errno));
  return auth::ByteSource([file, path](std::span<std::uint8_t> out) -> Result<std::size_t> {
    while (true) {
      const ssize_t got = ::read(file->get(), out.data(), out.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail(ErrorCode::file_refused, path.string() + ": " + std::strerror(errno));
    }
  });
}

Status remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0) return failed_on(path);
  return sync_folder_of(path);
}

}  // namespace countersign::cli
