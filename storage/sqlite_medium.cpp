#include "storage/sqlite_medium.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "storage/base/shell.hpp"
#include "storage/new_file.hpp"
#include "storage/sqlite_connection.hpp"

namespace countersign::storage {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kBusyTimeout{5000};
constexpr std::size_t kReadersMax = 8;

fs::path beside(const fs::path& file, const char* suffix) {
  return fs::path(file.native() + suffix);
}

std::string because(const fs::path& file, int error) {
  return file.native() + ": " + std::strerror(error);
}

// not_found or startup_refused. By path: to open and close the file here would drop every lock that SQLite holds on it
// in this process (POSIX).
Status check_private(const fs::path& file) {
  struct stat facts {};
  if (lstat(file.c_str(), &facts) != 0) {
    const int error = errno;
    return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::startup_refused, because(file, error));
  }
  if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::startup_refused, file.native() + ": not a regular file");
  if ((facts.st_mode & 077) != 0)
    return fail(ErrorCode::startup_refused,
                file.native() + ": others may use it; run: chmod go= " + quoted_for_shell(file.native()));
  return ok();
}

bool present(const fs::path& file) {
  struct stat facts {};
  return lstat(file.c_str(), &facts) == 0;
}

// The folder without links, for SQLITE_OPEN_NOFOLLOW refuses a link anywhere in the path.
Result<fs::path> without_links(const fs::path& file) {
  std::error_code error;
  const fs::path folder = fs::canonical(file.has_parent_path() ? file.parent_path() : fs::path("."), error);
  if (error || !file.has_filename()) return fail(ErrorCode::startup_refused, file.native() + ": no such folder");
  return folder / file.filename();
}

// A database that cannot be read at the start is a reason not to start.
// SQLite says what is wrong, and not with which file.
Status refuse_damage(Status status, const fs::path& file) {
  if (status) return status;
  Error error = std::move(status).error();
  if (error.code == ErrorCode::record_unreadable) error.code = ErrorCode::startup_refused;
  if (!error.detail.starts_with(file.parent_path().native())) error.detail = file.native() + ": " + error.detail;
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace

// A reader for one thread at a time. One that failed is not handed out again.
class SqliteMedium::ReaderLease {
 public:
  explicit ReaderLease(SqliteMedium& medium) : medium_(medium) {
    std::unique_lock lock(medium_.readers_mutex_);
    medium_.reader_returned_.wait(lock, [&] { return medium_.readers_leased_ < kReadersMax; });
    ++medium_.readers_leased_;
    if (medium_.idle_readers_.empty()) return;
    connection_ = std::move(medium_.idle_readers_.back());
    medium_.idle_readers_.pop_back();
  }
  ~ReaderLease() {
    const std::lock_guard lock(medium_.readers_mutex_);
    --medium_.readers_leased_;
    if (good_) medium_.idle_readers_.push_back(std::move(connection_));
    medium_.reader_returned_.notify_one();
  }
  ReaderLease(const ReaderLease&) = delete;
  ReaderLease& operator=(const ReaderLease&) = delete;

  template <class Work>
  auto run(Work&& work) {
    return sqlite_guarded([&] {
      if (!connection_)
        connection_ = std::make_unique<SqliteConnection>(medium_.file_, medium_.busy_timeout_, SqliteRole::reader);
      auto result = work(*connection_);
      good_ = true;
      return result;
    });
  }

 private:
  SqliteMedium& medium_;
  std::unique_ptr<SqliteConnection> connection_;
  bool good_ = false;
};

Status SqliteMedium::CheckpointLock::open(const fs::path& file) {
  // Close-on-exec, or a gpg that outlives us would hold the lock.
  file_ = FileDescriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (file_.get() < 0) return fail(ErrorCode::storage_unavailable, because(file, errno));
  return check_private(file);
}

bool SqliteMedium::CheckpointLock::try_lock() {
  if (!held_) held_ = flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
  return held_;
}

SqliteMedium::SqliteMedium(fs::path file, milliseconds busy_timeout)
    : file_(std::move(file)), busy_timeout_(busy_timeout) {}

SqliteMedium::~SqliteMedium() {
  watch_.reset();
  idle_readers_.clear();  // so that the writer is the last of ours and, where it may, checkpoints as it closes
}

Status SqliteMedium::create(const fs::path& given) {
  const fs::path file = TRY(without_links(given));
  CheckpointLock lock;  // two that create at once would share the temporary file
  TRY(lock.open(file.parent_path() / "checkpoint.lock"));
  if (!lock.try_lock()) return fail(ErrorCode::conflict, file.native() + ": in use");
  // A log without its database would be replayed into the new one.
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    if (present(beside(file, suffix))) return fail(ErrorCode::conflict, file.native() + suffix + ": exists already");
  }
  const fs::path temporary = beside(file, ".new");
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) unlink(beside(temporary, suffix).c_str());
  {
    const FileDescriptor made(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (made.get() < 0) return fail(ErrorCode::storage_unavailable, because(temporary, errno));
  }
  TRY(sqlite_guarded([&]() -> Status {
    SQLite::Database database = connect_sqlite(temporary, kBusyTimeout);
    checkpoint_here(database);                        // on closing, so that the one file is everything
    database.exec("PRAGMA auto_vacuum=INCREMENTAL");  // before there is any table
    database.exec("PRAGMA journal_mode=WAL");
    create_schema(database);
    return ok();
  }));
  if (present(beside(temporary, "-wal"))) return fail(ErrorCode::storage_unavailable, "the first checkpoint failed");
  if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) != 0) {
    const int error = errno;
    return fail(error == EEXIST ? ErrorCode::conflict : ErrorCode::storage_unavailable, because(file, error));
  }
  return sync_folder(file.parent_path());
}

Result<std::unique_ptr<SqliteMedium>> SqliteMedium::open(const fs::path& file) {
  return open_with_timeout(file, kBusyTimeout);
}

Result<std::unique_ptr<SqliteMedium>> SqliteMedium::open_with_timeout(const fs::path& given,
                                                                      milliseconds busy_timeout) {
  const fs::path file = TRY(without_links(given));
  const Status checked_file = check_private(file);
  if (!checked_file) return fail(ErrorCode::startup_refused, checked_file.error().detail);
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    // Another process that closes may take it away between a look and a second one.
    const Status checked = check_private(beside(file, suffix));
    if (!checked && checked.error().code != ErrorCode::not_found) return tl::unexpected<Error>(checked.error());
  }
  std::unique_ptr<SqliteMedium> medium(new SqliteMedium(file, busy_timeout));
  TRY(refuse_damage(sqlite_guarded([&] { return medium->start(); }), file));
  return medium;
}

Status SqliteMedium::start() {
  TRY(checkpoint_lock_.open(file_.parent_path() / "checkpoint.lock"));
  {
    // Before any statement of ours is compiled against it.
    SQLite::Database database = connect_sqlite(file_, busy_timeout_);
    TRY(check_schema(database));
    if (database.execAndGet("PRAGMA journal_mode=WAL").getString() != "wal") {
      return fail(ErrorCode::startup_refused, file_.native() + ": no write-ahead log here");
    }
    checkpoint_lock_.try_lock();
  }
  writer_ = std::make_unique<SqliteConnection>(
      file_, busy_timeout_, checkpoint_lock_.held() ? SqliteRole::checkpointing_writer : SqliteRole::writer);
  return ok();
}

Result<Entry> SqliteMedium::read(std::string_view name) {
  TRY(check_name(name));
  return ReaderLease(*this).run([&](SqliteConnection& reader) { return reader.read(name); });
}

Result<std::vector<std::string>> SqliteMedium::list(std::string_view prefix, std::string_view after,
                                                    std::size_t limit) {
  return ReaderLease(*this).run([&](SqliteConnection& reader) { return reader.list(prefix, after, limit); });
}

Status SqliteMedium::commit(const Batch& batch) {
  TRY(batch.check());
  const std::lock_guard lock(writer_mutex_);
  Status done = sqlite_guarded([&] { return commit_as_only_writer(batch); });
  if (writer_ && writer_->in_transaction()) writer_.reset();
  return done;
}

Result<Mark> SqliteMedium::mark() {
  const std::lock_guard lock(watch_mutex_);
  const auto changes = sqlite_guarded([&]() -> Result<std::uint64_t> {
    if (!watch_) watch_ = std::make_unique<SqliteWatch>(file_, busy_timeout_, mark_);
    return watch_->count_changes();
  });
  if (!changes) {
    watch_.reset();
    return tl::unexpected<Error>(changes.error());
  }
  mark_ = *changes;
  return Mark{mark_};
}

Status SqliteMedium::check() {
  return sqlite_guarded([&] {
    SQLite::Database database = connect_sqlite(file_, busy_timeout_);
    return check_integrity(database);
  });
}

Status SqliteMedium::tidy() {
  const std::lock_guard lock(writer_mutex_);
  if (!writer_ || !checkpoint_lock_.held()) return ok();
  return sqlite_guarded([&] { return writer_->give_space_back(); });
}

Status SqliteMedium::commit_as_only_writer(const Batch& batch) {
  const bool held = checkpoint_lock_.held();
  const bool holds_now = checkpoint_lock_.try_lock();
  if (!writer_) {
    writer_ = std::make_unique<SqliteConnection>(file_, busy_timeout_,
                                                 holds_now ? SqliteRole::checkpointing_writer : SqliteRole::writer);
  } else if (holds_now && !held) {
    checkpoint_here(writer_->database());
  }
  return writer_->commit(batch);
}

}  // namespace countersign::storage
