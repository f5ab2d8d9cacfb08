#include "storage/sqlite_connection.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "storage/folder_rule.hpp"

namespace countersign::storage {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr int kCheckpointEveryPages = 1000;
constexpr int kApplicationId = 0x43736e31;  // "Csn1"
constexpr int kSchemaVersion = 1;
constexpr int kFreePagesKept = 1024;  // 4 MiB
constexpr int kPagesGivenBackAtOnce = 256;
// Kept word for word: open() compares it with what the file says.
constexpr const char* kSchema =
    "CREATE TABLE entries ("
    "name BLOB NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200), "
    "bytes BLOB NOT NULL CHECK (length(bytes) <= 1048576)) STRICT, WITHOUT ROWID";

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

void run(SQLite::Statement& statement) {
  Use(statement).step();
}

// A process that was killed may have written a commit to the log and not synced it. Who connects after it shows that
// commit, and others act on what they are shown: so a power cut may not take it back any more.
void sync_log(SQLite::Database& database) {
  sqlite3_file* log = nullptr;
  sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (log == nullptr || log->pMethods == nullptr) return;
  const int result = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (result != SQLITE_OK) throw SQLite::Exception("the log was not synced", result);
}

}  // namespace

Error sqlite_error(const SQLite::Exception& exception) {
  const int code = exception.getErrorCode() & 0xff;
  const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  std::string detail =
      std::string("sqlite: ") + exception.what() + " (" + std::to_string(exception.getExtendedErrorCode()) + ")";
  if (code == SQLITE_BUSY) detail += "; another process keeps the store, perhaps a stopped one: `lslocks` names it";
  return Error{damaged ? ErrorCode::record_unreadable : ErrorCode::storage_unavailable, std::move(detail)};
}

SQLite::Database connect_sqlite(const fs::path& file, milliseconds busy_timeout) {
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

void create_schema(SQLite::Database& database) {
  database.exec("BEGIN IMMEDIATE");
  database.exec("PRAGMA application_id=" + std::to_string(kApplicationId));
  database.exec("PRAGMA user_version=" + std::to_string(kSchemaVersion));
  database.exec(kSchema);
  database.exec("COMMIT");
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
  if (verdict != "ok") return fail(ErrorCode::record_unreadable, "quick check: " + verdict);
  return ok();
}

SqliteConnection::SqliteConnection(const fs::path& file, milliseconds busy_timeout, SqliteRole role)
    : database_(connect_sqlite(file, busy_timeout)),
      read_(database_, "SELECT bytes FROM entries WHERE name = ?"),
      list_(database_, "SELECT name FROM entries WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"),
      put_(database_,
           "INSERT INTO entries (name, bytes) VALUES (?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes"),
      erase_(database_, "DELETE FROM entries WHERE name = ?"),
      begin_(database_, "BEGIN IMMEDIATE"),
      commit_(database_, "COMMIT"),
      rollback_(database_, "ROLLBACK") {
  if (role == SqliteRole::checkpointing_writer) checkpoint_here(database_);
  // The writer is the first that stays connected. Statements were compiled, so it has the log open.
  if (role != SqliteRole::reader) sync_log(database_);
}

Result<Entry> SqliteConnection::read(std::string_view name) {
  Use use(read_);
  if (!use.bind(1, name).step()) return fail(ErrorCode::not_found, std::string(name));
  const ByteView bytes = use.column();
  return Entry{Bytes(bytes.begin(), bytes.end()), Version::of(bytes)};
}

Result<std::vector<std::string>> SqliteConnection::list(std::string_view prefix, std::string_view after,
                                                        std::size_t limit) {
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

Status SqliteConnection::commit(const Batch& batch) {
  run(begin_);
  Status done = sqlite_guarded([&] { return change(batch); });
  if (done) done = sqlite_guarded([&] { return run(commit_), ok(); });
  if (in_transaction()) rollback_.tryReset(), rollback_.tryExecuteStep(), rollback_.tryReset();
  return done;
}

bool SqliteConnection::in_transaction() {
  return sqlite3_get_autocommit(database_.getHandle()) == 0;
}

Status SqliteConnection::give_space_back() {
  if (database_.execAndGet("PRAGMA freelist_count").getInt() <= kFreePagesKept) return ok();
  database_.exec("PRAGMA incremental_vacuum(" + std::to_string(kPagesGivenBackAtOnce) + ")");
  return ok();
}

Status SqliteConnection::change(const Batch& batch) {
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

bool SqliteConnection::has(std::string_view name) {
  Use use(read_);
  return use.bind(1, name).step();
}

std::optional<Version> SqliteConnection::version_of(const std::string& name) {
  Use use(read_);
  if (!use.bind(1, name).step()) return std::nullopt;
  return Version::of(use.column());
}

SqliteWatch::SqliteWatch(const fs::path& file, milliseconds busy_timeout, std::uint64_t counted_before)
    : database_(connect_sqlite(file, busy_timeout)),
      data_version_(database_, "PRAGMA data_version"),
      changes_(counted_before) {}

// The head of the log's index in shared memory (sqlite.org/walformat.html §2.1): whoever commits writes it, its second
// copy first, and no reader takes the commit for one before both are written. To read it takes no lock.
std::optional<SqliteWatch::Head> SqliteWatch::read_head() const {
  constexpr int kRegionBytes = 32768;
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database_.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 2) return std::nullopt;
  void volatile* region = nullptr;
  if (file->pMethods->xShmMap(file, 0, kRegionBytes, 0, &region) != SQLITE_OK || region == nullptr) return std::nullopt;
  const auto* words = static_cast<const volatile std::uint32_t*>(region);
  Head head{};
  for (std::size_t i = 0; i < head.size(); ++i) head[i] = __atomic_load_n(&words[i], __ATOMIC_ACQUIRE);
  return head;
}

// The pragma begins a read transaction, and that compares the head with the one that this connection saw last. It waits
// for no writer, but takes and gives back a lock on a file, which costs as much as to read a record. So it is asked
// only where the head is another than before it was asked last.
std::uint64_t SqliteWatch::count_changes() {
  // The first pragma opens the index.
  const std::optional<Head> head = version_ ? read_head() : std::nullopt;
  if (head && head == head_) return changes_;
  const std::int64_t version = data_version();
  if (version_ != version) ++changes_;
  version_ = version;
  head_ = head;
  return changes_;
}

std::int64_t SqliteWatch::data_version() {
  Use use(data_version_);
  if (!use.step()) throw SQLite::Exception("PRAGMA data_version gave nothing");
  return data_version_.getColumn(0).getInt64();
}

}  // namespace countersign::storage
