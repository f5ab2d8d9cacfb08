#include "cli/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "storage/base/file_descriptor.hpp"

namespace countersign::cli {
namespace {

Result<storage::NewFile> begin(const std::string& path, const char* instead) {
  auto file = storage::NewFile::begin(path);
  if (file || file.error().code != ErrorCode::file_refused) return file;
  return fail(ErrorCode::file_refused, file.error().detail + instead);
}

}  // namespace

Result<storage::NewFile> begin_output(const std::string& path) {
  return begin(path, "; name another file, or - for stdout");
}

Result<storage::NewFile> begin_only_copy(const std::string& path, ToStdout to_stdout) {
  std::error_code error;
  if (std::filesystem::is_regular_file(std::filesystem::symlink_status(path, error))) {
    return fail(ErrorCode::file_refused, path + " is there already, and is kept; name another file");
  }
  if (to_stdout == ToStdout::too) return begin_output(path);
  if (path == "-") return fail(ErrorCode::usage, "what is the only copy of something goes into a file: name one");
  return begin(path, "; name another file");
}

Result<auth::records::ByteSource> read_file(const std::filesystem::path& path) {
  auto file = std::make_shared<FileDescriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file->get() < 0) return tl::unexpected<Error>(unopened_file(path));
  return auth::records::ByteSource([file, path](std::span<std::uint8_t> out) -> Result<std::size_t> {
    while (true) {
      const ssize_t got = ::read(file->get(), out.data(), out.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail(ErrorCode::file_refused, path.string() + ": " + std::strerror(errno));
    }
  });
}

Error unopened_file(const std::filesystem::path& path) {
  const ErrorCode code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::file_refused;
  return {code, path.string() + ": " + std::strerror(errno)};
}

Status remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0) {
    return fail(ErrorCode::storage_unavailable, path.string() + ": " + std::strerror(errno));
  }
  return storage::sync_folder(std::filesystem::absolute(path).parent_path());
}

}  // namespace countersign::cli
