#include "tests/support/media.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "storage/directory_medium.hpp"
#include "storage/memory_medium.hpp"
#include "storage/sqlite_medium.hpp"

namespace countersign::test {

using storage::Medium;

namespace {

// In memory where that is to be had: a test over real files cannot see what fsync saves, and it costs most of its time.
std::filesystem::path scratch_root() {
  if (std::getenv("TMPDIR") == nullptr && access("/dev/shm", W_OK | X_OK) == 0) return "/dev/shm";
  return std::filesystem::temp_directory_path();
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string pattern = (scratch_root() / "countersign-test-XXXXXX").native();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder: " + pattern);
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<MediumKind> all_media() {
  return {MediumKind::memory, MediumKind::directory, MediumKind::sqlite};
}
std::vector<MediumKind> persistent_media() {
  return {MediumKind::directory, MediumKind::sqlite};
}

std::string name_of(MediumKind kind) {
  switch (kind) {
    case MediumKind::memory:
      return "memory";
    case MediumKind::directory:
      return "directory";
    case MediumKind::sqlite:
      return "sqlite";
  }
  return "?";
}

Status create_medium(MediumKind kind, const std::filesystem::path& folder) {
  switch (kind) {
    case MediumKind::memory:
      return ok();
    case MediumKind::directory:
      return storage::DirectoryMedium::create(folder / "store");
    case MediumKind::sqlite:
      return storage::SqliteMedium::create(folder / "store.sqlite");
  }
  return fail(ErrorCode::failed);
}

Result<std::unique_ptr<Medium>> open_medium(MediumKind kind, const std::filesystem::path& folder) {
  switch (kind) {
    case MediumKind::memory:
      return std::make_unique<storage::MemoryMedium>();
    case MediumKind::directory:
      return TRY(storage::DirectoryMedium::open(folder / "store"));
    case MediumKind::sqlite:
      return TRY(storage::SqliteMedium::open(folder / "store.sqlite"));
  }
  return fail(ErrorCode::failed);
}

Store::Store(MediumKind kind) : kind_(kind) {
  const Status created = create_medium(kind, folder());
  if (!created) throw std::runtime_error("create: " + outcome(created));
  medium_ = another();
}

std::shared_ptr<Medium> Store::another() {
  if (kind_ == MediumKind::memory && medium_) return medium_;
  auto medium = open_medium(kind_, folder());
  if (!medium) throw std::runtime_error("open: " + medium.error().detail);
  return *std::move(medium);
}

void Store::reopen() {
  if (kind_ == MediumKind::memory) return;
  medium_.reset();
  medium_ = another();
}

pid_t in_child(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child > 0) return child;
  int status = 99;
  try {
    status = work();
  } catch (...) {
    status = 99;
  }
  _exit(status);
}

int wait_for(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

Status put(Medium& medium, const std::string& name, std::string_view text) {
  storage::Batch batch;
  batch.put(name, as_bytes(text));
  return medium.commit(batch);
}

Status erase(Medium& medium, const std::string& name) {
  storage::Batch batch;
  batch.erase(name);
  return medium.commit(batch);
}

std::string text_of(Medium& medium, std::string_view name) {
  const auto entry = medium.read(name);
  if (entry) return to_string(entry->bytes);
  if (entry.error().code == ErrorCode::not_found) return "<absent>";
  return "<" + std::string(countersign::name_of(entry.error().code)) + ">";
}

std::string outcome(const Status& status) {
  return status ? "ok" : std::string(countersign::name_of(status.error().code));
}

std::vector<std::string> names_in(Medium& medium, std::string_view prefix, std::size_t page) {
  std::vector<std::string> names;
  while (true) {
    const auto more = medium.list(prefix, names.empty() ? "" : names.back(), page);
    if (!more) throw std::runtime_error("list: " + std::string(countersign::name_of(more.error().code)));
    names.insert(names.end(), more->begin(), more->end());
    if (more->size() < page) return names;
  }
}

Content content_of(Medium& medium) {
  Content content;
  for (const std::string& name : names_in(medium, "", 100)) content[name] = text_of(medium, name);
  return content;
}

std::vector<Content> states_after(std::span<const storage::Batch> commits, Content before) {
  std::vector<Content> states = {std::move(before)};
  for (const storage::Batch& batch : commits) {
    Content content = states.back();
    for (const auto& [name, bytes] : batch.changes()) {
      if (bytes) {
        content[name] = to_string(*bytes);
      } else {
        content.erase(name);
      }
    }
    states.push_back(std::move(content));
  }
  return states;
}

}  // namespace countersign::test
