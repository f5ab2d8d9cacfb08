// Files beneath one folder that strangers may have filled: a stick.
//
// The folder is opened once. Every file is opened by openat2(2) beneath it, through no link, and is a regular file with
// one name before a byte is read; a device or pipe is not even opened. Reads stop at 64 KiB whatever the size says.
// What is written appears whole or not at all: a name of its own first, fsync, rename, fsync of the folder, read back.
// Nothing relies on modes, times, case or on a rename being atomic, since the medium may be FAT.
//
// A folder is for one thread at a time, and an open one is locked against other processes (flock) where the medium can.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/file_descriptor.hpp"
#include "storage/base/result.hpp"

namespace countersign::transport::courier {

inline constexpr std::size_t kFileBytesMax = 64u << 10;
inline constexpr std::size_t kScanFilesMax = 1000;
inline constexpr std::size_t kScanEntriesMax = 100'000;
inline constexpr std::size_t kForeignNamesShownMax = 20;

enum class Place { inbox, outbox, done };  // inbox/, outbox/, inbox/done/

struct Listing {
  std::vector<std::string> names;          // the wanted ones in byte order, at most kScanFilesMax
  std::size_t beyond = 0;                  // wanted too, but over that limit
  std::size_t foreign = 0;                 // entries that are not of the wanted form
  std::vector<std::string> foreign_names;  // the first of them, escaped for display
  bool cut = false;                        // the scan ended at kScanEntriesMax entries and saw no more
};

// Asked before every step that changes the medium. A failure ends the work there, as a stick pulled out would.
class StepWatch {
 public:
  virtual ~StepWatch() = default;
  virtual Status before(std::string_view step) = 0;
};

class CourierFolder {
 public:
  // not_found; busy where another process has it open; file_refused where it is no folder, or where the kernel has no
  // openat2 (Linux 5.6), without which nothing here is safe; storage_unavailable.
  static Result<CourierFolder> open(const std::string& path);
  // One that was used before: file_refused also where it has neither an inbox nor an outbox.
  static Result<CourierFolder> open_used(const std::string& path);
  static Result<CourierFolder> open_watched(const std::string& path, StepWatch& watch);

  // The names that `wanted` takes. An absent folder has none. file_refused where the place is a link or no folder;
  // storage_unavailable.
  Result<Listing> list(Place place, const std::function<bool(std::string_view)>& wanted) const;

  // not_found; file_refused (a link, a second hard link, no regular file); message_too_large; busy;
  // storage_unavailable; malformed_name for what cannot be the name of a file.
  Result<std::string> read(Place place, std::string_view name) const;

  // Durable when it returns. Replaces what has the name, unless its bytes are the same. message_too_large,
  // malformed_name, file_refused, storage_unavailable: then the old file is there, or the new one, or on a medium
  // without atomic rename none.
  Status write(Place place, std::string_view name, std::string_view text);

  // Moves a file from the inbox to inbox/done if it still holds `text`. One of another text that has its name there
  // stays; this one then gets a name derived from its text. conflict where it holds another text by now.
  Status settle(std::string_view name, std::string_view text);

  // Takes a file away that still holds `text`; one that holds another by now stays. storage_unavailable.
  Status remove(Place place, std::string_view name, std::string_view text);

  // Makes what is absent of the place. file_refused, storage_unavailable.
  Status make(Place place);
  // Fails as write() would, for a medium that is read-only, before anything depends on it.
  Status check_writable(Place place);

 private:
  CourierFolder(FileDescriptor root, StepWatch* watch) : root_(std::move(root)), watch_(watch) {}
  static Result<CourierFolder> open_root(const std::string& path, StepWatch* watch);

  Result<FileDescriptor> open_beneath(const std::string& path, int flags) const;
  Result<FileDescriptor> open_folder(Place place) const;
  Result<FileDescriptor> open_regular(const std::string& path) const;
  Status wait_for_changes(const std::string& folder) const;
  Result<FileDescriptor> create_part(Place place, int folder);
  Status replace(Place place, std::string_view name, std::string_view text);
  Status sync(Place place, std::string_view name);
  Status step(std::string_view name) const;

  FileDescriptor root_;
  StepWatch* watch_;
};

}  // namespace countersign::transport::courier
