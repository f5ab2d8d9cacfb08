#include "auth/upkeep/record_key_use.hpp"

#include <algorithm>
#include <functional>
#include <system_error>

#include "auth/records/account.hpp"
#include "auth/secrets/private_file.hpp"

namespace countersign::auth::upkeep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kResealedAtOnce = 100;
constexpr int kTriesMax = 3;
constexpr std::string_view kAudit = "audit/";

// All names of the medium, with word of how many there were.
Status visit_all(storage::Medium& medium, const Progress& progress,
                 const std::function<Status(const std::string& name)>& visit) {
  std::int64_t seen = 0;
  return storage::visit_names(medium, "", "", [&](const std::string& name) -> Result<bool> {
    TRY(visit(name));
    tell_now_and_then(progress, ++seen);
    return true;
  });
}

// Files beside the keys that are sealed records: their names, which the MACs are bound to.
Result<std::map<std::string, std::string>> sealed_files(const fs::path& folder) {
  std::map<std::string, std::string> keys;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (secrets::parse_secret_file_name(name) || !fs::is_regular_file(entry->symlink_status(error))) continue;
    const auto bytes = secrets::read_private_file(entry->path());
    if (!bytes && bytes.error().code == ErrorCode::startup_refused) continue;  // somebody's own
    if (!bytes) return tl::unexpected<Error>(bytes.error());
    if (const auto key = secrets::record_key_named_in(bytes->reveal())) keys[name] = *key;
  }
  if (error) return fail(ErrorCode::startup_refused, folder.string() + ": " + error.message());
  return keys;
}

void note_audit(KeyUse& use, const std::string& name) {
  // Names come in order, so the last of a chain is the last seen.
  const std::string_view chain = std::string_view(name).substr(0, name.rfind('/') + 1);
  if (use.last_audit.empty() || !use.last_audit.back().starts_with(chain)) use.last_audit.emplace_back();
  use.last_audit.back() = name;
}

void note_pepper(std::map<std::string, KeyUse>& uses, const std::string& name, ByteView bytes) {
  const auto pepper = records::pepper_key_named_in(name, bytes);
  if (!pepper) return;
  KeyUse& use = uses[*pepper];
  ++use.counts["passwords"];
  if (use.accounts.size() == kAccountsNamedMax) return;
  use.accounts.push_back(records::account_named_in(name).value());
}

// Seals records anew, some at a time.
class Resealer {
 public:
  Resealer(storage::Medium& medium, const secrets::Secrets& secrets)
      : medium_(medium), secrets_(secrets), seal_(secrets) {}

  Status take(const std::string& name) {
    if (!TRY(stage(name, batch_))) return ok();
    staged_.push_back(name);
    return staged_.size() < kResealedAtOnce ? ok() : flush();
  }

  Status flush() {
    if (staged_.empty()) return ok();
    const std::vector<std::string> names = std::exchange(staged_, {});
    const Status committed = medium_.commit(std::exchange(batch_, {}));
    if (committed) done_.records += static_cast<std::int64_t>(names.size());
    if (committed || committed.error().code != ErrorCode::conflict) return committed;
    for (const std::string& name : names) TRY(reseal_alone(name));
    return ok();
  }

  Status reseal_file(const fs::path& path) {
    const secrets::FileLock lock = TRY(secrets::FileLock::acquire(path.string() + ".lock"));
    const std::string name = path.filename().string();
    const Secret bytes = TRY(secrets::read_private_file(path));
    if (secrets::record_key_named_in(bytes.reveal()) == secrets_.newest_record_key().id) return ok();
    auto record = seal_.open(name, bytes.reveal());
    if (!record) return note_fault("secrets/" + name, record.error());
    TRY(secrets::write_private_file(path, seal_.close(name, *std::move(record))));
    ++done_.records;
    return ok();
  }

  Resealing done() && { return std::move(done_); }

 private:
  // Whether there was something to do.
  Result<bool> stage(const std::string& name, storage::Batch& batch) {
    const auto entry = TRY(storage::find(medium_, name));
    if (!entry) return false;
    const auto key = secrets::record_key_named_in(entry->bytes);
    if (!key || *key == secrets_.newest_record_key().id) return false;
    auto record = seal_.open(name, entry->bytes);
    if (!record) {
      TRY(note_fault(name, record.error()));
      return false;
    }
    batch.require_version(name, entry->version);
    batch.put(name, seal_.close(name, *std::move(record)));
    return true;
  }

  // Somebody changed one of them meanwhile, and so it may be under the key in use already.
  Status reseal_alone(const std::string& name) {
    for (int tries = 0; tries < kTriesMax; ++tries) {
      storage::Batch batch;
      if (!TRY(stage(name, batch))) return ok();
      const Status committed = medium_.commit(batch);
      if (committed) ++done_.records;
      if (committed || committed.error().code != ErrorCode::conflict) return committed;
    }
    return note_fault(name, Error{ErrorCode::conflict, "it changes too fast"});
  }

  Status note_fault(const std::string& name, const Error& error) {
    done_.faults.push_back(name + ": " + std::string(name_of(error.code)));
    return ok();
  }

  storage::Medium& medium_;
  const secrets::Secrets& secrets_;
  const secrets::RecordSeal seal_;
  storage::Batch batch_;
  std::vector<std::string> staged_;
  Resealing done_;
};

}  // namespace

bool KeyUse::is_needed() const {
  return std::any_of(counts.begin(), counts.end(), [](const auto& one) { return one.first != "audit"; });
}

Result<std::map<std::string, KeyUse>> count_key_use(storage::Medium& medium, const fs::path& secrets_folder,
                                                    const Progress& progress) {
  std::map<std::string, KeyUse> uses;
  TRY(visit_all(medium, progress, [&](const std::string& name) -> Status {
    const auto entry = TRY(storage::find(medium, name));
    const auto key = entry ? secrets::record_key_named_in(entry->bytes) : std::nullopt;
    if (!key) return ok();
    KeyUse& use = uses[*key];
    ++use.counts[name.substr(0, name.find('/'))];
    if (name.starts_with(kAudit)) note_audit(use, name);
    note_pepper(uses, name, entry->bytes);
    return ok();
  }));
  for (const auto& [name, key] : TRY(sealed_files(secrets_folder))) ++uses[key].counts["secrets"];
  return uses;
}

Result<Resealing> reseal_records(storage::Medium& medium, const secrets::Secrets& secrets, const Progress& progress) {
  Resealer resealer(medium, secrets);
  TRY(visit_all(medium, progress, [&](const std::string& name) -> Status {
    return name.starts_with(kAudit) ? ok() : resealer.take(name);
  }));
  TRY(resealer.flush());
  for (const auto& [name, key] : TRY(sealed_files(secrets.folder()))) {
    if (key != secrets.newest_record_key().id) TRY(resealer.reseal_file(secrets.folder() / name));
  }
  return std::move(resealer).done();
}

}  // namespace countersign::auth::upkeep
