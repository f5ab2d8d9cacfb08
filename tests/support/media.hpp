// The media that there are, so that one suite runs over all of them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/medium.hpp"

namespace countersign::test {

// A folder of mode 0700 that goes away with its owner.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

enum class MediumKind { memory, directory, sqlite };
std::vector<MediumKind> all_media();
// Those that outlive the process.
std::vector<MediumKind> persistent_media();
std::string name_of(MediumKind kind);

// One fresh store, and as many media open on it as asked for. What fails here fails the test.
class Store {
 public:
  explicit Store(MediumKind kind);
  // The medium that the test uses.
  storage::Medium& medium() { return *medium_; }
  // Another one on the same store, as another process would have it; the same one where the store is memory.
  std::shared_ptr<storage::Medium> another();
  void close() { medium_.reset(); }
  void reopen();
  MediumKind kind() const { return kind_; }
  const std::filesystem::path& folder() const { return scratch_.path(); }

 private:
  MediumKind kind_;
  ScratchFolder scratch_;
  std::shared_ptr<storage::Medium> medium_;
};

// Opens the store of that kind in a folder, created with create_medium; for children that share nothing but the folder.
Status create_medium(MediumKind kind, const std::filesystem::path& folder);
Result<std::unique_ptr<storage::Medium>> open_medium(MediumKind kind, const std::filesystem::path& folder);

// Runs `work` in a child that ends with what it returns, and with 99 if it throws. No threads may be running.
pid_t in_child(const std::function<int()>& work);
// The exit status, or minus the signal that ended it.
int wait_for(pid_t child);

// Shorthand: one put, one erase, in a batch of their own.
Status put(storage::Medium& medium, const std::string& name, std::string_view text);
Status erase(storage::Medium& medium, const std::string& name);
// The value as text, "<absent>", or "<name of the error>".
std::string text_of(storage::Medium& medium, std::string_view name);
// The name of the failure, or "ok": so that a failed check shows it.
std::string outcome(const Status& status);
// Every name there is, collected page by page.
std::vector<std::string> names_in(storage::Medium& medium, std::string_view prefix, std::size_t page);

// All that a medium holds, by name.
using Content = std::map<std::string, std::string>;
Content content_of(storage::Medium& medium);
// What is there after none, one, ... and all of these commits, made on what was there before.
std::vector<Content> states_after(std::span<const storage::Batch> commits, Content before = {});

}  // namespace countersign::test
