// What a durable insert costs SQLite alone: one client, one row of 1 KiB a transaction, WAL, synchronous=FULL.
//
//   countersign_bare_sqlite FOLDER SECONDS     prints the inserts a second
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "storage/base/handle.hpp"

namespace {

using countersign::GiveBack;
using Database = std::unique_ptr<sqlite3, GiveBack<&sqlite3_close>>;
using Statement = std::unique_ptr<sqlite3_stmt, GiveBack<&sqlite3_finalize>>;
using Clock = std::chrono::steady_clock;

int stop(sqlite3* database) {
  std::fprintf(stderr, "countersign_bare_sqlite: %s\n", sqlite3_errmsg(database));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc == 3 ? std::atof(argv[2]) : 0;
  if (!(seconds > 0)) {
    std::fprintf(stderr, "usage: countersign_bare_sqlite FOLDER SECONDS\n");
    return 2;
  }
  const auto file = std::filesystem::path(argv[1]) / "bare.sqlite";
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
  sqlite3* opened = nullptr;
  const int status = sqlite3_open(file.c_str(), &opened);
  const Database database(opened);
  if (status != SQLITE_OK) return stop(opened);
  constexpr const char* kSetUp =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      "CREATE TABLE records (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;";
  if (sqlite3_exec(opened, kSetUp, nullptr, nullptr, nullptr) != SQLITE_OK) return stop(opened);
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(opened, "INSERT INTO records VALUES (?1, ?2)", -1, &prepared, nullptr) != SQLITE_OK) {
    return stop(opened);
  }
  const Statement insert(prepared);

  const std::string bytes(1024, 'x');
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  long inserts = 0;
  for (; Clock::now() < end; ++inserts) {
    const std::string name = "sessions/" + std::to_string(inserts);
    sqlite3_bind_text(prepared, 1, name.data(), static_cast<int>(name.size()), SQLITE_TRANSIENT);
    sqlite3_bind_blob(prepared, 2, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    if (sqlite3_step(prepared) != SQLITE_DONE || sqlite3_reset(prepared) != SQLITE_OK) return stop(opened);
  }
  std::printf("%.1f\n", static_cast<double>(inserts) / std::chrono::duration<double>(Clock::now() - begin).count());
  return 0;
}
