#include "storage/sqlite_medium.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>

#include "storage/folder_rule.hpp"

namespace countersign::storage {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kBusyTimeout{5000};
constexpr std::size_t kReadersMax = 8;
constexpr int kCheckpointEveryPages = 1000;
constexpr int kApplicationId = 0x43736e31;  // "Csn1"
constexpr int kSchemaVersion = 1;
// Kept word for word: open() compares it with what the file says.
constexpr const char* kSchema =
    "CREATE TABLE entries ("
    "name BLOB NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200), "
    "bytes BLOB NOT NULL CHECK (length(bytes) <= 1048576)) STRICT, WITHOUT ROWID";

enum class Role { reader, writer, checkpointing_writer };

fs::path beside(const fs::path& file, const char* suffix) {
  return fs::path(file.native() + suffix);
}

std::string because(const fs::path& file, int error) {
  return file.native() + ": " + std::strerror(error);
}

Error error_of(const SQLite::Exception& exception) {
  const int code = exception.getErrorCode() & 0xff;
  const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  return Error{
      damaged ? ErrorCode::record_unreadable : ErrorCode::storage_unavailable,
      std::string("sqlite: ") + exception.what() + " (" + std::to_string(exception.getExtendedErrorCode()) + ")"};
}

// Exceptions stop here: whatever SQLite or memory refuses becomes a code.
template <class Work>
auto guarded(Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& exception) {
    return tl::unexpected<Error>(error_of(exception));
  } catch (const std::exception& exception) {
    return fail(ErrorCode::storage_unavailable, std::string("sqlite: ") + exception.what());
  }
}

// A statement that is not reset holds its snapshot, and the log cannot be checkpointed past it.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  ~Use() {
    statement_.tryReset();
    statement_.clearBindings();
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  // A null pointer would bind NULL, and an empty value may have one.
  Use& bind(int index, ByteView bytes) {
    statement_.bindNoCopy(index, bytes.empty() ? "" : static_cast<const void*>(bytes.data()),
                          static_cast<int>(bytes.size()));
    return *this;
  }
  Use& bind(int index, std::string_view text) { return bind(index, as_bytes(text)); }
  bool step() { return statement_.executeStep(); }
  ByteView column() {
    const SQLite::Column column = statement_.getColumn(0);
    return {static_cast<const std::uint8_t*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
  }

 private:
  SQLite::Statement& statement_;
};

// not_found or startup_refused. By path: to open and close the file here would drop every lock that SQLite holds on it
// in this process (POSIX).
Status check_private(const fs::path& file) {
  struct stat facts {};
  if (lstat(file.c_str(), &facts) != 0) {
    const int error = errno;
    return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::startup_refused, because(file, error));
  }
  if (!S_ISREG(facts.st_mode)) return fail(ErrorCode::startup_refused, file.native() + ": not a regular file");
  if ((facts.st_mode & 077) != 0) return fail(ErrorCode::startup_refused, file.native() + ": others may use it");
  return ok();
}

bool present(const fs::path& file) {
  struct stat facts {};
  return lstat(file.c_str(), &facts) == 0;
}

Status sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return fail(ErrorCode::storage_unavailable, because(folder, errno));
  const int result = fsync(descriptor);
  const int error = errno;
  close(descriptor);
  if (result != 0) return fail(ErrorCode::storage_unavailable, because(folder, error));
  return ok();
}

// The folder without links, for SQLITE_OPEN_NOFOLLOW refuses a link anywhere in the path.
Result<fs::path> without_links(const fs::path& file) {
  std::error_code error;
  const fs::path folder = fs::canonical(file.has_parent_path() ? file.parent_path() : fs::path("."), error);
  if (error || !file.has_filename()) return fail(ErrorCode::startup_refused, file.native() + ": no such folder");
  return folder / file.filename();
}

SQLite::Database connect(const fs::path& file, milliseconds busy_timeout) {
  SQLite::Database database(file.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX | SQLite::OPEN_NOFOLLOW,
                            static_cast<int>(busy_timeout.count()));
  sqlite3* handle = database.getHandle();
  // First of all: even a connection that fails to get ready must not checkpoint when it closes.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  database.exec("PRAGMA wal_autocheckpoint=0");
  database.exec("PRAGMA synchronous=FULL");
  database.exec("PRAGMA cell_size_check=ON");
  database.exec("PRAGMA secure_delete=ON");  // an erased password hash is overwritten, not only unlinked
  database.exec("PRAGMA temp_store=MEMORY");
  return database;
}

void checkpoint_here(SQLite::Database& database) {
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  sqlite3_wal_autocheckpoint(database.getHandle(), kCheckpointEveryPages);
}

Status check_schema(SQLite::Database& database) {
  const auto refuse = [](std::string why) { return fail(ErrorCode::startup_refused, std::move(why)); };
  if (database.execAndGet("PRAGMA application_id").getInt() != kApplicationId)
    return refuse("not a store of countersign");
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (version > kSchemaVersion) return refuse("schema " + std::to_string(version) + " is newer than this program");
  if (version < kSchemaVersion) return refuse("schema " + std::to_string(version) + " is unknown");
  SQLite::Statement schema(database, "SELECT sql FROM sqlite_schema");
  std::size_t objects = 0;
  while (schema.executeStep()) {
    ++objects;
    if (schema.getColumn(0).getString() != kSchema) return refuse("the schema is not ours");
  }
  if (objects != 1) return refuse("the schema is not ours");
  return ok();
}

Status check_integrity(SQLite::Database& database) {
  const std::string verdict = database.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") return fail(ErrorCode::startup_refused, "quick check: " + verdict);
  return ok();
}

// A database that cannot be read at the start is a reason not to start.
Status refuse_damage(Status status) {
  if (!status && status.error().code == ErrorCode::record_unreadable) {
    return fail(ErrorCode::startup_refused, std::move(status).error().detail);
  }
  return status;
}

}  // namespace

class SqliteMedium::Connection {
 public:
  Connection(const fs::path& file, milliseconds busy_timeout, Role role)
      : database_(connect(file, busy_timeout)),
        read_(database_, "SELECT bytes FROM entries WHERE name = ?"),
        list_(database_, "SELECT name FROM entries WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"),
        put_(database_,
             "INSERT INTO entries (name, bytes) VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes"),
        erase_(database_, "DELETE FROM entries WHERE name = ?"),
        begin_(database_, "BEGIN IMMEDIATE"),
        commit_(database_, "COMMIT"),
        rollback_(database_, "ROLLBACK") {
    if (role == Role::checkpointing_writer) checkpoint_here(database_);
  }

  SQLite::Database& database() { return database_; }

  Result<Entry> read(std::string_view name) {
    Use use(read_);
    if (!use.bind(1, name).step()) return fail(ErrorCode::not_found, std::string(name));
    const ByteView bytes = use.column();
    return Entry{Bytes(bytes.begin(), bytes.end()), Version::of(bytes)};
  }

  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) {
    // The first name that may come: of what begins with the prefix, or the one right behind `after`.
    const std::string first = after < prefix ? std::string(prefix) : std::string(after) + '\0';
    // Above every character of a name, so above every name that begins with the prefix and below those that follow.
    const std::string end = std::string(prefix) + '\x7f';
    Use use(list_);
    use.bind(1, first).bind(2, end);
    list_.bind(3, static_cast<std::int64_t>(std::min<std::size_t>(limit, std::numeric_limits<std::int64_t>::max())));
    std::vector<std::string> names;
    while (use.step()) {
      const std::string_view name = as_text(use.column());
      if (!check_name(name)) return fail(ErrorCode::record_unreadable, "a name in the database is not of the form");
      names.emplace_back(name);
    }
    return names;
  }

  // Leaves no transaction open, or in_transaction() says so.
  Status commit(const Batch& batch) {
    run(begin_);
    Status done = guarded([&] { return change(batch); });
    if (done) done = guarded([&] { return run(commit_), ok(); });
    if (in_transaction()) rollback_.tryReset(), rollback_.tryExecuteStep(), rollback_.tryReset();
    return done;
  }

  bool in_transaction() { return sqlite3_get_autocommit(database_.getHandle()) == 0; }

 private:
  static void run(SQLite::Statement& statement) { Use(statement).step(); }

  Status change(const Batch& batch) {
    for (const auto& [name, precondition] : batch.preconditions()) {
      if (!holds(precondition, version_of(name))) return fail(ErrorCode::conflict, name);
    }
    TRY(check_folder_rule(
        batch, [&](std::string_view name) -> Result<bool> { return has(name); },
        [&](std::string_view prefix, std::size_t limit) { return list(prefix, "", limit); }));
    for (const auto& [name, bytes] : batch.changes()) {
      if (bytes) {
        Use(put_).bind(1, name).bind(2, *bytes).step();
      } else {
        Use(erase_).bind(1, name).step();
      }
    }
    return ok();
  }

  bool has(std::string_view name) {
    Use use(read_);
    return use.bind(1, name).step();
  }

  std::optional<Version> version_of(const std::string& name) {
    Use use(read_);
    if (!use.bind(1, name).step()) return std::nullopt;
    return Version::of(use.column());
  }

  SQLite::Database database_;
  SQLite::Statement read_, list_, put_, erase_, begin_, commit_, rollback_;
};

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
    return guarded([&] {
      if (!connection_) connection_ = std::make_unique<Connection>(medium_.file_, medium_.busy_timeout_, Role::reader);
      auto result = work(*connection_);
      good_ = true;
      return result;
    });
  }

 private:
  SqliteMedium& medium_;
  std::unique_ptr<Connection> connection_;
  bool good_ = false;
};

SqliteMedium::CheckpointLock::~CheckpointLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status SqliteMedium::CheckpointLock::open(const fs::path& file) {
  // Close-on-exec, or a gpg that outlives us would hold the lock.
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (descriptor_ < 0) return fail(ErrorCode::storage_unavailable, because(file, errno));
  return check_private(file);
}

bool SqliteMedium::CheckpointLock::try_lock() {
  if (!held_) held_ = flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  return held_;
}

SqliteMedium::SqliteMedium(fs::path file, milliseconds busy_timeout)
    : file_(std::move(file)), busy_timeout_(busy_timeout) {}

SqliteMedium::~SqliteMedium() {
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
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return fail(ErrorCode::storage_unavailable, because(temporary, errno));
  close(descriptor);
  TRY(guarded([&]() -> Status {
    SQLite::Database database = connect(temporary, kBusyTimeout);
    checkpoint_here(database);  // on closing, so that the one file is everything
    database.exec("PRAGMA journal_mode=WAL");
    database.exec("BEGIN IMMEDIATE");
    database.exec("PRAGMA application_id=" + std::to_string(kApplicationId));
    database.exec("PRAGMA user_version=" + std::to_string(kSchemaVersion));
    database.exec(kSchema);
    database.exec("COMMIT");
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
  TRY(refuse_damage(guarded([&] { return medium->start(); })));
  return medium;
}

Status SqliteMedium::start() {
  TRY(checkpoint_lock_.open(file_.parent_path() / "checkpoint.lock"));
  {
    // Before any statement of ours is compiled against it.
    SQLite::Database database = connect(file_, busy_timeout_);
    TRY(check_schema(database));
    if (database.execAndGet("PRAGMA journal_mode=WAL").getString() != "wal") {
      return fail(ErrorCode::startup_refused, file_.native() + ": no write-ahead log here");
    }
    if (checkpoint_lock_.try_lock()) TRY(check_integrity(database));
  }
  writer_ = std::make_unique<Connection>(file_, busy_timeout_,
                                         checkpoint_lock_.held() ? Role::checkpointing_writer : Role::writer);
  return ok();
}

Result<Entry> SqliteMedium::read(std::string_view name) {
  TRY(check_name(name));
  return ReaderLease(*this).run([&](Connection& reader) { return reader.read(name); });
}

Result<std::vector<std::string>> SqliteMedium::list(std::string_view prefix, std::string_view after,
                                                    std::size_t limit) {
  return ReaderLease(*this).run([&](Connection& reader) { return reader.list(prefix, after, limit); });
}

Status SqliteMedium::commit(const Batch& batch) {
  TRY(batch.check());
  const std::lock_guard lock(writer_mutex_);
  Status done = guarded([&] { return commit_as_only_writer(batch); });
  if (writer_ && writer_->in_transaction()) writer_.reset();
  return done;
}

Status SqliteMedium::commit_as_only_writer(const Batch& batch) {
  const bool held = checkpoint_lock_.held();
  const bool holds_now = checkpoint_lock_.try_lock();
  if (!writer_) {
    writer_ = std::make_unique<Connection>(file_, busy_timeout_, holds_now ? Role::checkpointing_writer : Role::writer);
  } else if (holds_now && !held) {
    checkpoint_here(writer_->database());
  }
  return writer_->commit(batch);
}

}  // namespace countersign::storage
