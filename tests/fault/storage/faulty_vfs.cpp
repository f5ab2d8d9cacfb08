#include "tests/fault/storage/faulty_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "storage/base/bytes.hpp"

namespace countersign::test {
namespace {

struct UnsyncedWrite {
  std::string file;
  std::size_t offset;
  Bytes bytes;
};

// What is synced of each file that has unsynced writes.
struct SyncedFile {
  std::string file;
  Bytes content;
};

struct State {
  std::mutex mutex;
  FaultyVfs::Plan plan;
  std::size_t count = 0;
  bool fired = false;
  bool in_write = false;
  std::vector<UnsyncedWrite> writes;
  std::vector<SyncedFile> synced;
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

Bytes content_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  Bytes content(in ? static_cast<std::size_t>(in.tellg()) : 0);
  in.seekg(0);
  in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
  return content;
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
  State& s = state();
  const std::string path = shim_of(file)->path == nullptr ? "" : shim_of(file)->path;
  const bool known = std::any_of(s.synced.begin(), s.synced.end(), [&](const SyncedFile& f) { return f.file == path; });
  if (!path.empty() && !known) s.synced.push_back({path, content_of(path)});
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  if (!path.empty()) s.writes.push_back({path, static_cast<std::size_t>(offset), Bytes(bytes, bytes + size)});
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
  return falls(false) ? SQLITE_IOERR_TRUNCATE : inner_of(file)->pMethods->xTruncate(inner_of(file), size);
}

int x_sync(sqlite3_file* file, int flags) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (falls(false)) return SQLITE_IOERR_FSYNC;
  const std::string path = shim_of(file)->path == nullptr ? "" : shim_of(file)->path;
  std::erase_if(s.writes, [&](const UnsyncedWrite& write) { return write.file == path; });
  std::erase_if(s.synced, [&](const SyncedFile& synced) { return synced.file == path; });
  return inner_of(file)->pMethods->xSync(inner_of(file), flags);
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
// No promises of the stock one, such as that a sector is written whole or not at all.
int x_characteristics(sqlite3_file*) {
  return 0;
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
  ShimFile* shim_file = shim_of(file);
  shim_file->base.pMethods = nullptr;
  shim_file->path = name;  // SQLite keeps it as long as the file
  const int result = stock->xOpen(stock, name, shim_file->inner(), flags, flags_out);
  if (shim_file->inner()->pMethods != nullptr) shim_file->base.pMethods = &methods;
  return result;
}

int x_delete(sqlite3_vfs*, const char* name, int sync_folder) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (falls(false)) return SQLITE_IOERR_DELETE;
  std::erase_if(s.writes, [&](const UnsyncedWrite& write) { return write.file == name; });
  std::erase_if(s.synced, [&](const SyncedFile& synced) { return synced.file == name; });
  return stock->xDelete(stock, name, sync_folder);
}

void restore(std::mt19937* choose) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  for (SyncedFile& file : s.synced) {
    for (const UnsyncedWrite& write : s.writes) {
      if (write.file != file.file || choose == nullptr || (*choose)() % 2 == 0) continue;
      file.content.resize(std::max(file.content.size(), write.offset + write.bytes.size()));
      std::copy(write.bytes.begin(), write.bytes.end(),
                file.content.begin() + static_cast<std::ptrdiff_t>(write.offset));
    }
    std::ofstream(file.file, std::ios::binary | std::ios::trunc) << as_text(file.content);
  }
  s.writes.clear();
  s.synced.clear();
}

}  // namespace

FaultyVfs::FaultyVfs() {
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
  sqlite3_vfs_register(&shim, 1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&shim);
  sqlite3_vfs_register(stock, 1);
}

void FaultyVfs::plan(Plan plan) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.plan = plan;
  s.count = 0;
  s.fired = false;
  s.writes.clear();
  s.synced.clear();
}

bool FaultyVfs::fired() const {
  return state().fired;
}
bool FaultyVfs::fired_in_write() const {
  return state().in_write;
}
void FaultyVfs::lose_unsynced() {
  restore(nullptr);
}
void FaultyVfs::lose_unsynced(std::mt19937& choose) {
  restore(&choose);
}

}  // namespace countersign::test
