#include "tests/fault/storage/faulty_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "storage/base/bytes.hpp"

namespace countersign::test {
namespace {

namespace fs = std::filesystem;
using Kind = DiskChange::Kind;

struct State {
  std::mutex mutex;
  FaultyVfs::Plan plan;
  std::size_t count = 0;
  bool fired = false;
  bool in_write = false;
  fs::path folder;
  Disk* disk = nullptr;
};

State& state() {
  static State it;
  return it;
}

sqlite3_vfs* stock = nullptr;
sqlite3_vfs shim;
sqlite3_io_methods methods;

struct ShimFile {
  sqlite3_file base;
  const char* path;
  sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

ShimFile* shim_of(sqlite3_file* file) {
  return reinterpret_cast<ShimFile*>(file);
}
sqlite3_file* inner_of(sqlite3_file* file) {
  return shim_of(file)->inner();
}

// The file's name on the disk; nothing where nobody watches it.
std::optional<std::string> watched(const char* path) {
  const State& s = state();
  if (s.disk == nullptr || path == nullptr || fs::path(path).parent_path() != s.folder) return std::nullopt;
  return fs::path(path).filename().native();
}

void tell_disk(const char* path, Kind kind, std::size_t offset = 0, Bytes bytes = {}) {
  if (const auto name = watched(path)) state().disk->apply({kind, *name, {}, offset, std::move(bytes)});
}

// Does this change fail?
bool falls(bool write) {
  State& s = state();
  ++s.count;
  if (s.plan.at == 0 || s.count < s.plan.at) return false;
  if (s.count == s.plan.at) {
    s.fired = true;
    s.in_write = write;
    return true;
  }
  return s.plan.for_ever;
}

int do_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  tell_disk(shim_of(file)->path, Kind::write, static_cast<std::size_t>(offset), Bytes(bytes, bytes + size));
  return inner_of(file)->pMethods->xWrite(inner_of(file), data, size, offset);
}

int x_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const std::lock_guard lock(state().mutex);
  if (!falls(true)) return do_write(file, data, size, offset);
  const int torn = static_cast<int>(std::min<std::size_t>(state().plan.torn_bytes, static_cast<std::size_t>(size) - 1));
  if (state().count == state().plan.at && torn > 0) (void)do_write(file, data, torn, offset);
  return SQLITE_IOERR_WRITE;
}

int x_truncate(sqlite3_file* file, sqlite3_int64 size) {
  const std::lock_guard lock(state().mutex);
  if (falls(false)) return SQLITE_IOERR_TRUNCATE;
  tell_disk(shim_of(file)->path, Kind::truncate, static_cast<std::size_t>(size));
  return inner_of(file)->pMethods->xTruncate(inner_of(file), size);
}

int x_sync(sqlite3_file* file, int flags) {
  const std::lock_guard lock(state().mutex);
  if (falls(false)) return SQLITE_IOERR_FSYNC;
  tell_disk(shim_of(file)->path, Kind::sync_file);
  return inner_of(file)->pMethods->xSync(inner_of(file), flags);
}

// The stock one has this call of its own for one purpose: what it opens it syncs next, within a sync or a removal.
using OpenFolder = int (*)(const char* file, int* folder);
OpenFolder stock_open_folder = nullptr;

int open_folder(const char* file, int* folder) {
  if (watched(file)) state().disk->apply({Kind::sync_folder, ""});
  return stock_open_folder(file, folder);
}

int x_close(sqlite3_file* file) {
  return inner_of(file)->pMethods->xClose(inner_of(file));
}
int x_read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  return inner_of(file)->pMethods->xRead(inner_of(file), data, size, offset);
}
int x_file_size(sqlite3_file* file, sqlite3_int64* size) {
  return inner_of(file)->pMethods->xFileSize(inner_of(file), size);
}
int x_lock(sqlite3_file* file, int level) {
  return inner_of(file)->pMethods->xLock(inner_of(file), level);
}
int x_unlock(sqlite3_file* file, int level) {
  return inner_of(file)->pMethods->xUnlock(inner_of(file), level);
}
int x_check(sqlite3_file* file, int* out) {
  return inner_of(file)->pMethods->xCheckReservedLock(inner_of(file), out);
}
int x_control(sqlite3_file* file, int op, void* arg) {
  return inner_of(file)->pMethods->xFileControl(inner_of(file), op, arg);
}
int x_sector(sqlite3_file* file) {
  return inner_of(file)->pMethods->xSectorSize(inner_of(file));
}
int x_characteristics(sqlite3_file* file) {
  return inner_of(file)->pMethods->xDeviceCharacteristics(inner_of(file));
}
int x_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return inner_of(file)->pMethods->xShmMap(inner_of(file), page, size, extend, out);
}
int x_shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return inner_of(file)->pMethods->xShmLock(inner_of(file), offset, n, flags);
}
void x_shm_barrier(sqlite3_file* file) {
  inner_of(file)->pMethods->xShmBarrier(inner_of(file));
}
int x_shm_unmap(sqlite3_file* file, int remove) {
  return inner_of(file)->pMethods->xShmUnmap(inner_of(file), remove);
}

int x_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  const std::lock_guard lock(state().mutex);
  ShimFile* shim_file = shim_of(file);
  shim_file->base.pMethods = nullptr;
  shim_file->path = name;  // SQLite keeps it as long as the file
  const bool makes = watched(name) && !fs::exists(name);
  const int result = stock->xOpen(stock, name, shim_file->inner(), flags, flags_out);
  if (shim_file->inner()->pMethods != nullptr) shim_file->base.pMethods = &methods;
  if (makes && result == SQLITE_OK) tell_disk(name, Kind::create);
  return result;
}

int x_delete(sqlite3_vfs*, const char* name, int sync_folder) {
  const std::lock_guard lock(state().mutex);
  if (falls(false)) return SQLITE_IOERR_DELETE;
  if (fs::exists(name)) tell_disk(name, Kind::remove);
  return stock->xDelete(stock, name, sync_folder);
}

bool is_kept_by_sqlite(const fs::path& file) {
  const std::string name = file.filename().native();
  return name.starts_with("store.sqlite") && !name.ends_with("-shm");
}

}  // namespace

FaultyVfs::FaultyVfs() {
  plan({});
  sqlite3_initialize();
  stock = sqlite3_vfs_find(nullptr);
  shim = *stock;
  shim.zName = "faulty";
  shim.pNext = nullptr;
  shim.szOsFile = static_cast<int>(sizeof(ShimFile)) + stock->szOsFile;
  shim.xOpen = x_open;
  shim.xDelete = x_delete;
  methods = {2,           x_close, x_read,    x_write,  x_truncate,        x_sync,    x_file_size, x_lock,
             x_unlock,    x_check, x_control, x_sector, x_characteristics, x_shm_map, x_shm_lock,  x_shm_barrier,
             x_shm_unmap, nullptr, nullptr};
  stock_open_folder = reinterpret_cast<OpenFolder>(stock->xGetSystemCall(stock, "openDirectory"));
  stock->xSetSystemCall(stock, "openDirectory", reinterpret_cast<sqlite3_syscall_ptr>(open_folder));
  sqlite3_vfs_register(&shim, 1);
}

FaultyVfs::~FaultyVfs() {
  watch_nothing();
  stock->xSetSystemCall(stock, "openDirectory", nullptr);
  sqlite3_vfs_unregister(&shim);
  sqlite3_vfs_register(stock, 1);
}

void FaultyVfs::plan(Plan plan) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.plan = plan;
  s.count = 0;
  s.fired = false;
}

bool FaultyVfs::fired() const {
  return state().fired;
}
bool FaultyVfs::fired_in_write() const {
  return state().in_write;
}
void FaultyVfs::watch(const fs::path& folder, Disk& disk) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.folder = folder;
  s.disk = &disk;
}
void FaultyVfs::watch_nothing() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.disk = nullptr;
}

Disk read_in(const fs::path& folder) {
  Disk disk;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!is_kept_by_sqlite(entry.path())) continue;
    const std::string name = entry.path().filename().native();
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    disk.apply({Kind::create, name});
    disk.apply({Kind::write, name, {}, 0, to_bytes(content)});
  }
  disk.sync_all();
  return disk;
}

void write_out(const Disk& disk, const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry.path());
  for (const auto& [name, bytes] : disk.files()) {
    std::ofstream(folder / name, std::ios::binary) << as_text(bytes);
    fs::permissions(folder / name, fs::perms::owner_read | fs::perms::owner_write);
  }
}

}  // namespace countersign::test
