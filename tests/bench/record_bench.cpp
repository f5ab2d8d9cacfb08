// What it costs to find a record, reading it from SQLite and checking its MAC, and to commit what a login does. Beside
// each stands its limit: SQLite asked by a prepared statement, and HMAC-SHA-256 over as many bytes.
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
    secrets_ = std::make_unique<auth::secrets::Secrets>(
        must(auth::secrets::Secrets::load_families(folder_ / "secrets", kNow)));
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
  const auth::secrets::RecordSeal seal = ground.seal();
  const Json json = record();
  for (auto _ : state) benchmark::DoNotOptimize(seal.close(kName, json).size());
}

void open_record(benchmark::State& state) {
  const Ground ground;
  const auth::secrets::RecordSeal seal = ground.seal();
  for (auto _ : state) {
    const auto opened = seal.open(kName, ground.sealed());
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

// A table of the same form, by statements that are prepared once.
class PlainSqlite {
 public:
  explicit PlainSqlite(const std::string& file) {
    sqlite3* opened = nullptr;
    const int status = sqlite3_open(file.c_str(), &opened);
    database_.reset(opened);
    constexpr const char* kSetUp =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE records (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;";
    if (status != SQLITE_OK || sqlite3_exec(opened, kSetUp, nullptr, nullptr, nullptr) != SQLITE_OK) stop();
    begin_ = prepare("BEGIN IMMEDIATE");
    commit_ = prepare("COMMIT");
    insert_ = prepare("INSERT INTO records VALUES (?1, ?2)");
    select_ = prepare("SELECT bytes FROM records WHERE name = ?1");
  }

  void begin() { step(begin_.get(), SQLITE_DONE); }
  void commit() { step(commit_.get(), SQLITE_DONE); }
  void insert(const std::string& name, ByteView bytes) {
    bind(insert_.get(), name);
    sqlite3_bind_blob(insert_.get(), 2, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    step(insert_.get(), SQLITE_DONE);
  }
  Bytes select(const std::string& name) {
    bind(select_.get(), name);
    if (sqlite3_step(select_.get()) != SQLITE_ROW) stop();
    const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(select_.get(), 0));
    Bytes copy(data, data + sqlite3_column_bytes(select_.get(), 0));
    sqlite3_reset(select_.get());
    return copy;
  }

 private:
  using Statement = std::unique_ptr<sqlite3_stmt, GiveBack<&sqlite3_finalize>>;

  [[noreturn]] void stop() {
    std::cerr << sqlite3_errmsg(database_.get()) << '\n';
    std::exit(1);
  }
  Statement prepare(const char* sql) {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr) != SQLITE_OK) stop();
    return Statement(prepared);
  }
  static void bind(sqlite3_stmt* statement, const std::string& name) {
    sqlite3_bind_text(statement, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
  }
  void step(sqlite3_stmt* statement, int expected) {
    if (sqlite3_step(statement) != expected || sqlite3_reset(statement) != SQLITE_OK) stop();
  }

  std::unique_ptr<sqlite3, GiveBack<&sqlite3_close>> database_;
  Statement begin_, commit_, insert_, select_;
};

void read_sqlite(benchmark::State& state) {
  const Ground ground;
  PlainSqlite plain(ground.store().string() + ".plain");
  plain.insert(kName, ground.sealed());
  for (auto _ : state) benchmark::DoNotOptimize(plain.select(kName).data());
}

// What a login commits: session, pointer, consumed challenge, last login, audit record.
std::array<std::string, 5> names_of_login(std::size_t number) {
  std::array<std::string, 5> names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i] = "records" + std::to_string(i) + "/" + std::to_string(1'000'000 + number);
  }
  return names;
}

void commit_medium(benchmark::State& state) {
  Ground ground;
  std::size_t number = 0;
  for (auto _ : state) {
    storage::Batch batch;
    for (const std::string& name : names_of_login(number++)) {
      batch.require_absent(name);
      batch.put(name, ground.sealed());
    }
    must(ground.medium().commit(batch));
  }
}

void commit_sqlite(benchmark::State& state) {
  const Ground ground;
  PlainSqlite plain(ground.store().string() + ".plain");
  std::size_t number = 0;
  for (auto _ : state) {
    plain.begin();
    for (const std::string& name : names_of_login(number++)) plain.insert(name, ground.sealed());
    plain.commit();
  }
}

BENCHMARK(close_record)->Name("record/close/record_seal");
BENCHMARK(open_record)->Name("record/open/record_seal");
BENCHMARK(raw_hmac)->Name("record/open/hmac");
BENCHMARK(read_medium)->Name("record/read/sqlite_medium");
BENCHMARK(read_sqlite)->Name("record/read/sqlite");
BENCHMARK(commit_medium)->Name("record/commit/sqlite_medium");
BENCHMARK(commit_sqlite)->Name("record/commit/sqlite");

}  // namespace
}  // namespace countersign::bench
