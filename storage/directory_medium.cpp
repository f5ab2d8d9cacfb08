#include "storage/directory_medium.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>
#include <utility>

#include "storage/base/text.hpp"
#include "storage/directory_journal.hpp"
#include "storage/folder_rule.hpp"
#include "storage/posix_file_system.hpp"
#include "storage/random_hex.hpp"

namespace countersign::storage {
namespace {

using Change = FileChange::Kind;

constexpr std::chrono::milliseconds kLockTimeout{5000};
constexpr const char* kStore = "@store";
constexpr const char* kLock = "@lock";
constexpr const char* kJournal = "@journal";
constexpr const char* kNew = "@new";
constexpr const char* kNewJournal = "@new/journal";
constexpr const char* kNewStore = "@new/store";
constexpr const char* kMark = "@mark";
constexpr const char* kNewMark = "@new/mark";
constexpr std::string_view kFormat = "countersign-directory-v1\nstore ";
constexpr std::size_t kStoreIdDigits = 32;
constexpr std::size_t kMarkDigits = 16;

std::string temporary_name(std::size_t number) {
  return std::string(kNew) + "/" + std::to_string(number);
}

bool is(const Status& status, ErrorCode code) {
  return !status && status.error().code == code;
}
Status tolerate(Status status, ErrorCode code) {
  return is(status, code) ? ok() : status;
}

tl::unexpected<Error> unreadable(const std::string& name) {
  return fail(ErrorCode::record_unreadable, escape_for_display(name) + ": not a file or folder of this store");
}

// To a user of the medium a file that is no regular file is a damaged record.
Error as_medium_error(Error error) {
  if (error.code == ErrorCode::file_refused) error.code = ErrorCode::record_unreadable;
  return error;
}

// Of a change on the way of a commit: whatever it was, the commit did not happen or is not complete.
Status as_unavailable(Status status) {
  if (status || status.error().code == ErrorCode::record_unreadable) return status;
  return fail(ErrorCode::storage_unavailable, std::move(status).error().detail);
}

}  // namespace

// What list() is to find; the last name found is where the next page goes on.
struct DirectoryMedium::Page {
  std::string_view prefix;
  std::string_view after;
  std::size_t limit;
  std::vector<std::string> names = {};

  bool wants(const std::string& name) const {
    return name.starts_with(prefix) && name > after && name.size() <= kNameBytesMax;
  }
  // Of a folder, with its '/': may one of its names be wanted?
  bool may_want_below(const std::string& folder) const {
    const bool fits = folder.starts_with(prefix) || prefix.starts_with(folder);
    return fits && (after <= folder || after.starts_with(folder)) && folder.size() < kNameBytesMax;
  }
};

DirectoryMedium::DirectoryMedium(std::unique_ptr<FileSystem> files, std::string store_id)
    : files_(std::move(files)), store_id_(std::move(store_id)) {}

Status DirectoryMedium::create(const std::filesystem::path& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorCode::storage_unavailable, folder.native() + ": " + std::strerror(errno));
  }
  const auto files = TRY(PosixFileSystem::open(folder, kLock, kLockTimeout));
  return create_on(*files);
}

Status DirectoryMedium::create_on(FileSystem& files) {
  // What a stopped create may have left is taken over; anything else is not ours.
  for (const FolderEntry& entry : TRY(files.list(""))) {
    if (entry.name != kLock && entry.name != kNew) {
      return fail(ErrorCode::conflict, escape_for_display(entry.name) + ": the folder is not empty");
    }
  }
  const std::string content = std::string(kFormat) + TRY(random_hex(kStoreIdDigits)) + "\n";
  // The store file comes last: without it there is no store.
  const FileChange steps[] = {{Change::write, kLock},
                              {Change::sync_file, kLock},
                              {Change::make_folder, kNew},
                              {Change::write, kNewStore, {}, as_bytes(content)},
                              {Change::sync_file, kNewStore},
                              {Change::sync_folder, ""},
                              {Change::rename, kNewStore, kStore},
                              {Change::sync_folder, ""}};
  for (const FileChange& step : steps) {
    const Status done = files.change(step);
    if (step.kind == Change::make_folder && is(done, ErrorCode::conflict)) continue;
    TRY(as_unavailable(done));
  }
  return ok();
}

Result<std::unique_ptr<DirectoryMedium>> DirectoryMedium::open(const std::filesystem::path& folder) {
  return open_on(TRY(PosixFileSystem::open(folder, kLock, kLockTimeout)));
}

Result<std::unique_ptr<DirectoryMedium>> DirectoryMedium::open_on(std::unique_ptr<FileSystem> files) {
  const auto refuse = [](const char* why) { return fail(ErrorCode::startup_refused, why); };
  const auto content = files->read(kStore, 4096);
  if (!content && content.error().code == ErrorCode::storage_unavailable) return tl::unexpected<Error>(content.error());
  if (!content) return refuse("no store in this folder");
  const std::string_view text = as_text(*content);
  if (!text.starts_with(kFormat)) return refuse("the store is of an unknown format");
  const std::string_view id = text.substr(kFormat.size());
  if (id.size() != kStoreIdDigits + 1 || id.back() != '\n' ||
      !is_lower_hex(id.substr(0, kStoreIdDigits), kStoreIdDigits)) {
    return refuse("the store file is damaged");
  }
  std::unique_ptr<DirectoryMedium> medium(
      new DirectoryMedium(std::move(files), std::string(id.substr(0, kStoreIdDigits))));
  TRY(medium->enter(LockKind::shared));
  return medium;
}

Result<std::unique_ptr<FileLock>> DirectoryMedium::enter(LockKind kind) {
  for (LockKind wanted = kind;; wanted = LockKind::exclusive) {
    auto lock = files_->lock(wanted);
    if (!lock) return tl::unexpected<Error>(as_medium_error(std::move(lock).error()));
    const auto journal = files_->read(kJournal, kJournalBytesMax + 1);
    if (!journal) {
      if (journal.error().code == ErrorCode::not_found) return lock;
      return tl::unexpected<Error>(as_medium_error(journal.error()));
    }
    if (wanted == LockKind::shared) continue;
    TRY(recover(*journal));
    return lock;
  }
}

Status DirectoryMedium::recover(const Bytes& journal) {
  if (journal.size() > kJournalBytesMax) return unreadable(kJournal);
  const Batch batch = TRY(decode_journal(store_id_, journal));
  // Who was stopped may not have come to sync it, and nothing may be applied that the journal could be lost under.
  TRY(as_unavailable(files_->change({Change::sync_folder, ""})));
  return apply(batch, false);
}

Result<Entry> DirectoryMedium::read(std::string_view name) {
  TRY(check_name(name));
  const auto lock = TRY(enter(LockKind::shared));
  auto bytes = files_->read(std::string(name), kValueBytesMax + 1);
  if (!bytes) {
    // What is there and is no file is a folder, which has no value, or nothing of ours.
    if (bytes.error().code == ErrorCode::file_refused && TRY(files_->look(std::string(name))) == FileKind::folder) {
      return fail(ErrorCode::not_found, std::string(name));
    }
    return tl::unexpected<Error>(as_medium_error(std::move(bytes).error()));
  }
  if (bytes->size() > kValueBytesMax) return unreadable(std::string(name));
  const Version version = Version::of(*bytes);
  return Entry{*std::move(bytes), version};
}

Result<std::vector<std::string>> DirectoryMedium::list(std::string_view prefix, std::string_view after,
                                                       std::size_t limit) {
  const auto lock = TRY(enter(LockKind::shared));
  return list_locked(prefix, after, limit);
}

Result<std::vector<std::string>> DirectoryMedium::list_locked(std::string_view prefix, std::string_view after,
                                                              std::size_t limit) {
  Page page{prefix, after, limit};
  // Straight to the folder that the prefix names.
  const auto slash = prefix.rfind('/');
  const std::string folder = slash == std::string_view::npos ? "" : std::string(prefix.substr(0, slash + 1));
  if (limit == 0 || (!folder.empty() && !check_name(folder.substr(0, slash)))) return page.names;
  TRY(collect(folder, page));
  return std::move(page.names);
}

// A folder sorts as its name with the '/', as its names do: so a walk in that order meets whole names in byte order.
Status DirectoryMedium::collect(const std::string& folder, Page& page) {
  const auto entries = files_->list(folder.substr(0, folder.empty() ? 0 : folder.size() - 1));
  if (!entries) {
    if (entries.error().code == ErrorCode::not_found) return ok();
    return tl::unexpected<Error>(as_medium_error(entries.error()));
  }
  std::vector<std::string> found;
  for (const FolderEntry& entry : *entries) {
    if (!check_name(entry.name)) continue;
    const std::string name = folder + entry.name + (entry.kind == FileKind::folder ? "/" : "");
    if (entry.kind == FileKind::folder ? !page.may_want_below(name) : !page.wants(name)) continue;
    if (entry.kind != FileKind::folder && entry.kind != FileKind::file) return unreadable(name);
    found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  for (std::string& name : found) {
    if (page.names.size() >= page.limit) break;
    if (name.back() == '/') {
      TRY(collect(name, page));
    } else {
      page.names.push_back(std::move(name));
    }
  }
  return ok();
}

Status DirectoryMedium::commit(const Batch& batch) {
  TRY(batch.check());
  const Bytes journal = encode_journal(store_id_, batch);
  if (journal.size() > kJournalBytesMax) return fail(ErrorCode::message_too_large, "the batch");
  const auto lock = TRY(enter(LockKind::exclusive));
  TRY(check_preconditions(batch));
  if (batch.changes().empty()) return ok();
  TRY(check_paths(batch));
  Status staged = stage(batch, journal);
  if (!staged) {
    discard_staged(batch);
    return as_unavailable(std::move(staged));
  }
  TRY(as_unavailable(files_->change({Change::sync_folder, ""})));
  return as_unavailable(apply(batch, true));
}

Result<Mark> DirectoryMedium::mark() {
  const auto found = files_->read(kMark, kMarkDigits + 1);
  if (!found && found.error().code != ErrorCode::not_found) {
    return tl::unexpected<Error>(as_medium_error(found.error()));
  }
  std::string digits = found ? to_string(*found) : "";
  // Nobody has committed yet, or the machine lost it: until somebody does, one that equals no other.
  if (!is_lower_hex(digits, kMarkDigits)) digits = TRY(random_hex(kMarkDigits));
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return Mark{number};
}

Status DirectoryMedium::check_preconditions(const Batch& batch) {
  for (const auto& [name, precondition] : batch.preconditions()) {
    const FileKind kind = TRY(files_->look(name));
    if (kind == FileKind::other) return unreadable(name);
    std::optional<Version> version;
    if (kind == FileKind::file) {
      const auto bytes = files_->read(name, kValueBytesMax + 1);
      if (!bytes) return tl::unexpected<Error>(as_medium_error(bytes.error()));
      if (bytes->size() > kValueBytesMax) return unreadable(name);
      version = Version::of(*bytes);
    }
    if (!holds(precondition, version)) return fail(ErrorCode::conflict, name);
  }
  return ok();
}

// All that could stop the batch from being applied is found here, before it is promised.
Status DirectoryMedium::check_paths(const Batch& batch) {
  TRY(check_folder_rule(
      batch,
      [&](std::string_view name) -> Result<bool> {
        const FileKind kind = TRY(files_->look(std::string(name)));
        if (kind == FileKind::other) return unreadable(std::string(name));
        return kind == FileKind::file;
      },
      [&](std::string_view prefix, std::size_t limit) { return list_locked(prefix, "", limit); }));
  for (const auto& [name, bytes] : batch.changes()) {
    const FileKind kind = TRY(files_->look(name));
    if (kind == FileKind::other) return unreadable(name);
    if (bytes && kind == FileKind::folder) TRY(check_only_erased(batch, name));
  }
  return ok();
}

// A file of ours that stays would have been a conflict; this is about what is not ours.
Status DirectoryMedium::check_only_erased(const Batch& batch, const std::string& folder) {
  for (const FolderEntry& entry : TRY(files_->list(folder))) {
    const std::string path = folder + "/" + entry.name;
    if (entry.kind == FileKind::folder && path.size() <= kNameBytesMax) {
      TRY(check_only_erased(batch, path));
    } else if (entry.kind != FileKind::file || !batch.changes().contains(path)) {
      return unreadable(path);
    }
  }
  return ok();
}

Status DirectoryMedium::stage_file(const std::string& temporary, ByteView bytes) {
  TRY(files_->change({Change::write, temporary, {}, bytes}));
  return files_->change({Change::sync_file, temporary});
}

// The last step is the one that promises.
Status DirectoryMedium::stage(const Batch& batch, ByteView journal) {
  TRY(tolerate(files_->change({Change::make_folder, kNew}), ErrorCode::conflict));
  std::size_t number = 0;
  for (const auto& [name, bytes] : batch.changes()) {
    if (!bytes) continue;
    TRY(stage_file(temporary_name(number++), *bytes));
    // Only to find a full disk in time; apply() makes them again, where a name has to give way to a folder too.
    const Status made = make_folders(name);
    if (!made && made.error().code == ErrorCode::storage_unavailable) return made;
  }
  TRY(stage_file(kNewJournal, journal));
  const std::string mark = TRY(random_hex(kMarkDigits));
  TRY(files_->change({Change::write, kNewMark, {}, as_bytes(mark)}));
  TRY(files_->change({Change::rename, kNewMark, kMark}));
  return files_->change({Change::rename, kNewJournal, kJournal});
}

// As well as it goes: what stays is in nobody's way.
void DirectoryMedium::discard_staged(const Batch& batch) {
  for (std::size_t number = 0; number < batch.changes().size(); ++number) {
    (void)files_->change({Change::remove_file, temporary_name(number)}).has_value();
  }
  (void)files_->change({Change::remove_file, kNewJournal}).has_value();
  (void)files_->change({Change::remove_file, kNewMark}).has_value();
}

Status DirectoryMedium::apply(const Batch& batch, bool staged) {
  // Erases first: a name may become a folder, or a folder a name, in one batch.
  for (const auto& [name, bytes] : batch.changes()) {
    if (!bytes) TRY(apply_erase(name));
  }
  std::size_t number = 0;
  std::set<std::string, std::greater<>> touched = {""};
  for (const auto& [name, bytes] : batch.changes()) {
    if (bytes) TRY(apply_put(name, *bytes, temporary_name(number++), staged));
    for (const std::string_view folder : folders_of(name)) touched.emplace(folder);
  }
  for (const std::string& folder : touched) {
    TRY(as_unavailable(tolerate(files_->change({Change::sync_folder, folder}), ErrorCode::not_found)));
  }
  // Not synced: should the journal come back, it says again what has been done already.
  return as_unavailable(files_->change({Change::remove_file, kJournal}));
}

Status DirectoryMedium::apply_erase(const std::string& name) {
  const FileKind kind = TRY(files_->look(name));
  if (kind == FileKind::other) return unreadable(name);
  if (kind == FileKind::file) TRY(as_unavailable(files_->change({Change::remove_file, name})));
  // The folders that it leaves empty, innermost first.
  const auto folders = folders_of(name);
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    const Status removed = files_->change({Change::remove_folder, std::string(*folder)});
    if (is(removed, ErrorCode::conflict)) break;
    TRY(as_unavailable(tolerate(removed, ErrorCode::not_found)));
  }
  return ok();
}

Status DirectoryMedium::apply_put(const std::string& name, ByteView bytes, const std::string& temporary, bool staged) {
  TRY(make_folders(name));
  const FileKind kind = TRY(files_->look(name));
  if (kind == FileKind::other) return unreadable(name);
  if (kind == FileKind::folder) TRY(remove_empty(name, 0));
  if (!staged) {
    TRY(as_unavailable(tolerate(files_->change({Change::make_folder, kNew}), ErrorCode::conflict)));
    TRY(as_unavailable(stage_file(temporary, bytes)));
  }
  return as_unavailable(files_->change({Change::rename, temporary, name}));
}

Status DirectoryMedium::make_folders(const std::string& name) {
  for (const std::string_view view : folders_of(name)) {
    const std::string folder(view);
    const Status made = files_->change({Change::make_folder, folder});
    if (is(made, ErrorCode::conflict)) {
      if (TRY(files_->look(folder)) != FileKind::folder) return unreadable(folder);
    } else {
      TRY(as_unavailable(made));
    }
  }
  return ok();
}

Status DirectoryMedium::remove_empty(const std::string& folder, std::size_t depth) {
  if (depth > kNameBytesMax) return unreadable(folder);
  for (const FolderEntry& entry : TRY(files_->list(folder))) {
    if (entry.kind != FileKind::folder) return unreadable(folder);
    TRY(remove_empty(folder + "/" + entry.name, depth + 1));
  }
  return as_unavailable(files_->change({Change::remove_folder, folder}));
}

}  // namespace countersign::storage
