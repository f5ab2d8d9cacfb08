// What it costs to find a record: reading it from SQLite, and checking its MAC. Beside each stands its limit: SQLite
// asked by a prepared statement, and HMAC-SHA-256 over as many bytes.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "auth/base/rng.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/handle.hpp"
#include "storage/sqlite_medium.hpp"

namespace countersign::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "sessions/e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4";
const Instant kNow = parse_time("2026-11-21T17:21:00Z").value();

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::cerr << name_of(result.error().code) << ": " << result.error().detail << '\n';
  std::exit(1);
}
void must(const Status& status) {
  if (status) return;
  std::cerr << name_of(status.error().code) << ": " << status.error().detail << '\n';
  std::exit(1);
}

// Of the size that a session's record has.
Json record() {
  return Json::object()
      .set("version", 1)
      .set("session", "0123456789abcdef0123456789abcdef")
      .set("account", "e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4")
      .set("username", "alice")
      .set("fingerprint", "7E83D657744F8AD2656B40035C27A52981F1F86B")
      .set("epoch", 1)
      .set("method", "openpgp")
      .set("transport", "http")
      .set("created_at", "2026-11-21T17:20:00Z")
      .set("idle_expires_at", "2026-11-22T05:20:00Z")
      .set("expires_at", "2026-11-22T17:20:00Z");
}

// A folder with a server's secrets and a store in it.
class Ground {
 public:
  Ground() : folder_(made_folder()) {
    auth::SystemRng rng;
    must(auth::secrets::Secrets::create(folder_ / "secrets", rng, kNow, Secret()));
    secrets_ = std::make_unique<auth::secrets::Secrets>(must(auth::secrets::Secrets::load_families(folder_ / "secrets", kNow)));
    must(storage::SqliteMedium::create(store()));
    medium_ = must(storage::SqliteMedium::open(store()));
    sealed_ = seal().close(kName, record());
    storage::Batch batch;
    batch.put(kName, sealed_);
    must(medium_->commit(batch));
  }
  ~Ground() {
    medium_.reset();
    std::error_code error;
    fs::remove_all(folder_, error);
  }
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  fs::path store() const { return folder_ / "store.sqlite"; }
  auth::secrets::RecordSeal seal() const { return auth::secrets::RecordSeal(*secrets_); }
  storage::Medium& medium() { return *medium_; }
  const Bytes& sealed() const { return sealed_; }

 private:
  static fs::path made_folder() {
    std::string name = (fs::temp_directory_path() / "countersign-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::exit(1);
    return name;
  }

  const fs::path folder_;
  std::unique_ptr<auth::secrets::Secrets> secrets_;
  std::unique_ptr<storage::SqliteMedium> medium_;
  Bytes sealed_;
};

void close_record(benchmark::State& state) {
  const Ground ground;
  const Json json = record();
  for (auto _ : state) benchmark::DoNotOptimize(ground.seal().close(kName, json).size());
}

void open_record(benchmark::State& state) {
  const Ground ground;
  for (auto _ : state) {
    const auto opened = ground.seal().open(kName, ground.sealed());
    if (!opened) return state.SkipWithError(opened.error().detail.c_str());
  }
}

void raw_hmac(benchmark::State& state) {
  const Ground ground;
  const Bytes key(32, 7);
  std::array<unsigned char, EVP_MAX_MD_SIZE> tag;
  for (auto _ : state) {
    const Bytes& bytes = ground.sealed();
    unsigned size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(), tag.data(), &size) ==
        nullptr) {
      return state.SkipWithError("no HMAC");
    }
    benchmark::DoNotOptimize(tag);
  }
}

void read_medium(benchmark::State& state) {
  Ground ground;
  for (auto _ : state) {
    if (!ground.medium().read(kName)) return state.SkipWithError("not read");
  }
}

// The same row of a table of the same form, by a statement that is prepared once.
void read_sqlite(benchmark::State& state) {
  using Database = std::unique_ptr<sqlite3, GiveBack<&sqlite3_close>>;
  using Statement = std::unique_ptr<sqlite3_stmt, GiveBack<&sqlite3_finalize>>;
  const Ground ground;
  const std::string file = ground.store().string() + ".plain";
  sqlite3* opened = nullptr;
  const int status = sqlite3_open(file.c_str(), &opened);
  const Database database(opened);
  constexpr const char* kSetUp =
      "PRAGMA journal_mode=WAL; CREATE TABLE records (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;";
  const auto prepare = [&](const char* sql) {
    sqlite3_stmt* prepared = nullptr;
    sqlite3_prepare_v2(opened, sql, -1, &prepared, nullptr);
    if (prepared != nullptr) sqlite3_bind_text(prepared, 1, kName, -1, SQLITE_STATIC);
    return Statement(prepared);
  };
  if (status != SQLITE_OK || sqlite3_exec(opened, kSetUp, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return state.SkipWithError(sqlite3_errmsg(opened));
  }
  const Statement insert = prepare("INSERT INTO records VALUES (?1, ?2)");
  const Statement select = prepare("SELECT bytes FROM records WHERE name = ?1");
  const Bytes& bytes = ground.sealed();
  sqlite3_bind_blob(insert.get(), 2, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
  if (sqlite3_step(insert.get()) != SQLITE_DONE) return state.SkipWithError(sqlite3_errmsg(opened));
  for (auto _ : state) {
    if (sqlite3_step(select.get()) != SQLITE_ROW) return state.SkipWithError(sqlite3_errmsg(opened));
    const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(select.get(), 0));
    const Bytes copy(data, data + sqlite3_column_bytes(select.get(), 0));
    benchmark::DoNotOptimize(copy.data());
    sqlite3_reset(select.get());
  }
}

BENCHMARK(close_record)->Name("record/close/record_seal");
BENCHMARK(open_record)->Name("record/open/record_seal");
BENCHMARK(raw_hmac)->Name("record/open/hmac");
BENCHMARK(read_medium)->Name("record/read/sqlite_medium");
BENCHMARK(read_sqlite)->Name("record/read/sqlite");

}  // namespace
}  // namespace countersign::bench
