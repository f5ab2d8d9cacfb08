#include "transport/courier/courier_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <system_error>

#include "storage/base/enum_names.hpp"
#include "storage/base/text.hpp"
#include "storage/write_all.hpp"
#include "transport/courier/courier_name.hpp"

namespace countersign::transport::courier {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;
constexpr int kCreateTries = 3;
constexpr std::string_view kDoneFolder = "done";
constexpr EnumNames<Place::inbox, Place::done> kPlaces("inbox", "outbox", "inbox/done");

std::string path_of(Place place) {
  return std::string(kPlaces.of(place));
}

std::string path_of(Place place, std::string_view name) {
  return path_of(place).append("/").append(name);
}

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
      return ErrorCode::not_found;
    case EAGAIN:
      return ErrorCode::busy;
    case ELOOP:  // a link
    case EXDEV:  // a way out of the folder
    case ENXIO:  // a socket, a pipe without a reader
    case ENODEV:
    case ENOTDIR:
    case EISDIR:
    case EINVAL:
    case ENAMETOOLONG:
      return ErrorCode::file_refused;
    default:
      return ErrorCode::storage_unavailable;
  }
}

tl::unexpected<Error> fail_with(int error, std::string_view what, std::string_view path) {
  return fail(code_of(error),
              std::string(what) + " '" + escape_for_display(path) + "': " + std::generic_category().message(error));
}

// What a failed change means is never that the file is absent or odd: the medium did not do as it was told.
tl::unexpected<Error> fail_to_change(int error, std::string_view what, std::string_view path) {
  auto failure = fail_with(error, what, path);
  failure.value().code = ErrorCode::storage_unavailable;
  return failure;
}

int openat2_beneath(int folder, const char* path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, folder, path, &how, sizeof how));
}

Status check_entry_name(std::string_view name) {
  if (name.empty() || name.size() > NAME_MAX || name == "." || name == ".." ||
      name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::malformed_name, "'" + escape_for_display(name) + "' cannot be the name of a file");
  }
  return ok();
}

struct FileFacts {
  dev_t device;
  ino_t number;

  friend bool operator==(const FileFacts&, const FileFacts&) = default;
};

Result<FileFacts> check_regular(int fd, std::string_view path) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return fail_with(errno, "cannot look at", path);
  const std::string shown = "'" + escape_for_display(path) + "'";
  if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::file_refused, shown + " is not a regular file");
  if (facts.st_nlink != 1) return fail(ErrorCode::file_refused, shown + " has more than one name");
  if (facts.st_size > static_cast<off_t>(kFileBytesMax)) {
    return fail(ErrorCode::message_too_large, shown + " is over " + std::to_string(kFileBytesMax) + " bytes");
  }
  return FileFacts{facts.st_dev, facts.st_ino};
}

// The file of that name as it is now, without opening it: opening a device can already do something. O_PATH takes no
// O_NONBLOCK.
Result<FileFacts> look_at(int root, const std::string& path) {
  const FileDescriptor seen(openat2_beneath(root, path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
  if (seen.get() < 0) return fail_with(errno, "cannot open", path);
  return check_regular(seen.get(), path);
}

// At most one byte more than the limit, however long the file turns out to be.
Result<std::string> read_to_limit(int fd, std::string_view path) {
  std::string text(kFileBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_with(errno, "cannot read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kFileBytesMax) {
    return fail(ErrorCode::message_too_large,
                "'" + escape_for_display(path) + "' is over " + std::to_string(kFileBytesMax) + " bytes");
  }
  text.resize(size);
  return text;
}

// A file system that cannot sync a folder at all says EINVAL: there is no more to be had from it.
Status sync_folder(int fd, std::string_view path) {
  if (::fsync(fd) != 0 && errno != EINVAL) return fail_to_change(errno, "cannot sync", path);
  return ok();
}

Status remove_entry(int folder, std::string_view name) {
  if (::unlinkat(folder, std::string(name).c_str(), 0) != 0 && errno != ENOENT) {
    return fail_to_change(errno, "cannot remove", name);
  }
  return ok();
}

}  // namespace

Result<CourierFolder> CourierFolder::open(const std::string& path) {
  return open_root(path, nullptr);
}

Result<CourierFolder> CourierFolder::open_used(const std::string& path) {
  CourierFolder folder = TRY(open(path));
  for (const Place place : {Place::inbox, Place::outbox}) {
    const auto there = folder.open_folder(place);
    if (there || there.error().code != ErrorCode::not_found) return folder;
  }
  return fail(ErrorCode::file_refused, "'" + escape_for_display(path) +
                                           "' has neither inbox/ nor outbox/ in it, so it is no courier's folder;\n"
                                           "  is the stick mounted, and is this its top folder?");
}

Result<CourierFolder> CourierFolder::open_watched(const std::string& path, StepWatch& watch) {
  return open_root(path, &watch);
}

Result<CourierFolder> CourierFolder::open_root(const std::string& path, StepWatch* watch) {
  FileDescriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return fail_with(errno, "cannot open the courier folder", path);
  // A medium that knows no locks is used without: importing twice is importing once anyway.
  if (::flock(root.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return fail(ErrorCode::busy, "another program is working on '" + escape_for_display(path) + "'");
  }
  const FileDescriptor probe(openat2_beneath(root.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
  if (probe.get() < 0) {
    return fail(ErrorCode::file_refused,
                "openat2 is not to be had here (Linux 5.6 has it; a container may forbid it): " +
                    std::generic_category().message(errno) + "; without it a courier folder cannot be read safely");
  }
  return CourierFolder(std::move(root), watch);
}

Result<Listing> CourierFolder::list(Place place, const std::function<bool(std::string_view)>& wanted) const {
  auto folder = open_folder(place);
  if (!folder && folder.error().code == ErrorCode::not_found) return Listing{};
  if (!folder) return tl::unexpected<Error>(std::move(folder).error());
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(folder->get()), &::closedir);
  if (!entries) return fail_with(errno, "cannot list", path_of(place));
  static_cast<void>(folder->release());  // closedir closes it

  Listing listing;
  std::set<std::string> names;
  for (std::size_t seen = 0;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr && errno != 0) return fail_with(errno, "cannot list", path_of(place));
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || name == kPartFile) continue;
    if (place == Place::inbox && done_name(name) == kDoneFolder) continue;
    if (++seen > kScanEntriesMax) {
      listing.cut = true;
      break;
    }
    if (!wanted(name)) {
      ++listing.foreign;
      if (listing.foreign_names.size() < kForeignNamesShownMax) {
        listing.foreign_names.push_back(escape_for_display(name));
      }
      continue;
    }
    names.emplace(name);
    // The lowest stay, so that the choice does not depend on the order of the medium.
    if (names.size() > kScanFilesMax) {
      names.erase(std::prev(names.end()));
      ++listing.beyond;
    }
  }
  listing.names.assign(names.begin(), names.end());
  return listing;
}

Result<std::string> CourierFolder::read(Place place, std::string_view name) const {
  TRY(check_entry_name(name));
  const std::string path = path_of(place, name);
  const FileDescriptor file = TRY(open_regular(path));
  return read_to_limit(file.get(), path);
}

Status CourierFolder::write(Place place, std::string_view name, std::string_view text) {
  TRY(check_entry_name(name));
  if (text.size() > kFileBytesMax) {
    return fail(ErrorCode::message_too_large, "'" + escape_for_display(name) + "' would be over the limit of a file");
  }
  const auto there = read(place, name);
  if (!there || *there != text) return replace(place, name, text);
  // The same bytes may be there because a run was ended between rename and sync.
  return sync(place, name);
}

Status CourierFolder::replace(Place place, std::string_view name, std::string_view text) {
  const std::string path = path_of(place, name);
  const FileDescriptor folder = TRY(open_folder(place));
  {
    const FileDescriptor part = TRY(create_part(place, folder.get()));
    TRY(step("write"));
    if (!storage::write_all(part.get(), as_bytes(text))) return fail_to_change(errno, "cannot write", path);
    TRY(step("sync file"));
    if (::fsync(part.get()) != 0) return fail_to_change(errno, "cannot sync", path);
    // So that reading back asks the medium and not the memory, where the kernel is so kind.
    static_cast<void>(::posix_fadvise(part.get(), 0, 0, POSIX_FADV_DONTNEED));
  }
  TRY(step("rename"));
  if (::renameat(folder.get(), std::string(kPartFile).c_str(), folder.get(), std::string(name).c_str()) != 0) {
    return fail_to_change(errno, "cannot rename to", path);
  }
  TRY(step("sync folder"));
  TRY(sync_folder(folder.get(), path));
  TRY(step("read back"));
  const auto back = read(place, name);
  if (!back || *back != text) {
    return fail(ErrorCode::storage_unavailable,
                "'" + escape_for_display(path) + "' did not read back as it was written");
  }
  return ok();
}

Status CourierFolder::sync(Place place, std::string_view name) {
  const std::string path = path_of(place, name);
  const FileDescriptor file = TRY(open_regular(path));
  TRY(step("sync file"));
  if (::fsync(file.get()) != 0) return fail_to_change(errno, "cannot sync", path);
  const FileDescriptor folder = TRY(open_folder(place));
  TRY(step("sync folder"));
  return sync_folder(folder.get(), path);
}

Status CourierFolder::settle(std::string_view name, std::string_view text) {
  TRY(check_entry_name(name));
  if (const std::string now = TRY(read(Place::inbox, name)); now != text) {
    return fail(ErrorCode::conflict, "'" + escape_for_display(name) + "' was replaced while it was taken");
  }
  TRY(make(Place::done));
  const FileDescriptor inbox = TRY(open_folder(Place::inbox));
  const FileDescriptor done = TRY(open_folder(Place::done));
  for (const std::string& target : {done_name(name), done_name_by_text(name, text)}) {
    const auto there = read(Place::done, target);
    if (there && *there == text) {
      TRY(step("remove"));
      TRY(remove_entry(inbox.get(), name));
      TRY(step("sync folder"));
      return sync_folder(inbox.get(), path_of(Place::inbox));
    }
    if (there || there.error().code != ErrorCode::not_found) continue;
    TRY(step("move"));
    if (::renameat(inbox.get(), std::string(name).c_str(), done.get(), target.c_str()) != 0) {
      return fail_to_change(errno, "cannot move", path_of(Place::inbox, name));
    }
    TRY(step("sync folder"));
    TRY(sync_folder(done.get(), path_of(Place::done)));
    TRY(step("sync folder"));
    return sync_folder(inbox.get(), path_of(Place::inbox));
  }
  return fail(ErrorCode::file_refused, "both names for '" + escape_for_display(name) + "' are taken in inbox/done");
}

Status CourierFolder::remove(Place place, std::string_view name, std::string_view text) {
  TRY(check_entry_name(name));
  const auto there = read(place, name);
  if (!there || *there != text) return ok();
  const FileDescriptor folder = TRY(open_folder(place));
  TRY(step("remove"));
  TRY(remove_entry(folder.get(), name));
  TRY(step("sync folder"));
  return sync_folder(folder.get(), path_of(place));
}

Status CourierFolder::make(Place place) {
  if (place == Place::done) TRY(make(Place::inbox));
  const auto there = open_folder(place);
  if (there) return ok();
  if (there.error().code != ErrorCode::not_found) return tl::unexpected<Error>(there.error());
  const FileDescriptor parent =
      place == Place::done ? TRY(open_folder(Place::inbox)) : TRY(open_beneath(".", O_DIRECTORY));
  const std::string name = place == Place::done ? std::string(kDoneFolder) : path_of(place);
  TRY(step("make folder"));
  if (::mkdirat(parent.get(), name.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return fail_to_change(errno, "cannot make", path_of(place));
  }
  TRY(step("sync folder"));
  return sync_folder(parent.get(), path_of(place));
}

Status CourierFolder::check_writable(Place place) {
  const FileDescriptor folder = TRY(open_folder(place));
  TRY(create_part(place, folder.get()));
  TRY(step("remove"));
  return remove_entry(folder.get(), kPartFile);
}

Result<FileDescriptor> CourierFolder::open_beneath(const std::string& path, int flags) const {
  FileDescriptor file(
      openat2_beneath(root_.get(), path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0));
  if (file.get() < 0) return fail_with(errno, "cannot open", path);
  return file;
}

Result<FileDescriptor> CourierFolder::open_folder(Place place) const {
  return open_beneath(path_of(place), O_RDONLY | O_DIRECTORY);
}

Result<FileDescriptor> CourierFolder::open_regular(const std::string& path) const {
  const FileFacts expected = TRY(look_at(root_.get(), path));
  FileDescriptor file = TRY(open_beneath(path, O_RDONLY));
  // It may be another by now. And while the kernel takes a name away from a file that has another one elsewhere, the
  // file counts as one with a single name before the name is gone; so the last look comes after whoever changes the
  // folder is done.
  const FileFacts opened = TRY(check_regular(file.get(), path));
  TRY(wait_for_changes(path.substr(0, path.rfind('/'))));
  if (opened != expected || TRY(look_at(root_.get(), path)) != expected) {
    return fail(ErrorCode::busy, "'" + escape_for_display(path) + "' was replaced while it was opened");
  }
  return file;
}

// A folder is read under the lock that a change of its names holds until it is finished.
Status CourierFolder::wait_for_changes(const std::string& folder) const {
  const FileDescriptor names = TRY(open_beneath(folder, O_RDONLY | O_DIRECTORY));
  std::array<char, 4096> first{};
  if (::syscall(SYS_getdents64, names.get(), first.data(), first.size()) < 0) {
    return fail_with(errno, "cannot list", folder);
  }
  return ok();
}

Result<FileDescriptor> CourierFolder::create_part(Place place, int folder) {
  const std::string path = path_of(place, kPartFile);
  for (int tries = 1;; ++tries) {
    TRY(step("create"));
    FileDescriptor part(openat2_beneath(root_.get(), path.c_str(),
                                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, kFileMode));
    if (part.get() >= 0) return part;
    if (errno != EEXIST || tries == kCreateTries) return fail_to_change(errno, "cannot create", path);
    // A run that was ended left it.
    TRY(step("remove"));
    TRY(remove_entry(folder, kPartFile));
  }
}

Status CourierFolder::step(std::string_view name) const {
  return watch_ == nullptr ? ok() : watch_->before(name);
}

}  // namespace countersign::transport::courier
