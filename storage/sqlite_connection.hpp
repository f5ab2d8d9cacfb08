// One connection to the database of a SqliteMedium: how it is opened, what it must find, and its statements.
//
// SQLite refuses by throwing. What throws here says so; sqlite_guarded turns it into a code.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/medium.hpp"

namespace countersign::storage {

// record_unreadable for a damaged database, else storage_unavailable.
Error sqlite_error(const SQLite::Exception& exception);

// Exceptions stop here: whatever SQLite or memory refuses becomes a code.
template <class Work>
auto sqlite_guarded(Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& exception) {
    return tl::unexpected<Error>(sqlite_error(exception));
  } catch (const std::exception& exception) {
    return fail(ErrorCode::storage_unavailable, std::string("sqlite: ") + exception.what());
  }
}

// Read-write, full sync, no checkpoint of its own. Throws.
SQLite::Database connect_sqlite(const std::filesystem::path& file, std::chrono::milliseconds busy_timeout);

// From here on this connection checkpoints, also when it closes.
void checkpoint_here(SQLite::Database& database);

// Makes our one table, all of it or nothing. Throws.
void create_schema(SQLite::Database& database);

// startup_refused: not a store of ours, or of a newer program. Throws.
Status check_schema(SQLite::Database& database);

// record_unreadable if the quick check finds damage. Throws.
Status check_integrity(SQLite::Database& database);

enum class SqliteRole { reader, writer, checkpointing_writer };

// For one thread at a time. Every method throws besides what Medium says of it; names and batches were checked before.
class SqliteConnection {
 public:
  SqliteConnection(const std::filesystem::path& file, std::chrono::milliseconds busy_timeout, SqliteRole role);

  SQLite::Database& database() { return database_; }
  Result<Entry> read(std::string_view name);
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit);
  // Leaves no transaction open, or in_transaction() says so.
  Status commit(const Batch& batch);
  bool in_transaction();
  // Of pages that nothing uses, those beyond what the next writes will want: a few at a time.
  Status give_space_back();

 private:
  Status change(const Batch& batch);
  bool has(std::string_view name);
  std::optional<Version> version_of(const std::string& name);

  SQLite::Database database_;
  SQLite::Statement read_, list_, put_, erase_, begin_, commit_, rollback_;
};

// A connection that never writes, so that every commit is another's. For one thread at a time.
class SqliteWatch {
 public:
  SqliteWatch(const std::filesystem::path& file, std::chrono::milliseconds busy_timeout, std::uint64_t counted_before);
  // More than last time if anything was committed since, and the first time more than was counted before. Throws.
  std::uint64_t count_changes();

 private:
  using Head = std::array<std::uint32_t, 12>;
  std::optional<Head> read_head() const;
  std::int64_t data_version();

  SQLite::Database database_;
  SQLite::Statement data_version_;
  std::optional<std::int64_t> version_;
  std::optional<Head> head_;  // of the log's index, when that version was asked for
  std::uint64_t changes_;     // where the version has 32 bits
};

}  // namespace countersign::storage
