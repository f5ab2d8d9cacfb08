#include "auth/records/floor.hpp"

#include <algorithm>

#include "auth/records/audit_record.hpp"
#include "auth/records/chain_start.hpp"
#include "auth/records/withdrawal.hpp"
#include "auth/secrets/private_file.hpp"
#include "auth/secrets/secrets.hpp"
#include "storage/base/hash.hpp"

namespace countersign::auth::records {
namespace {
constexpr std::string_view kName = "floor";

void raise(ChainHead& head, const ChainHead& other) {
  if (other.number > head.number) head = other;
}
}  // namespace

void Floor::raise(Marks& marks, const Marks& others) {
  marks.restores = std::max(marks.restores, others.restores);
  marks.revocations = std::max(marks.revocations, others.revocations);
  for (const auto& [writer, head] : others.heads) records::raise(marks.heads[writer], head);
}

Json Floor::write(const Marks& marks) {
  Json heads = Json::object();
  for (const auto& [writer, head] : marks.heads) {
    heads.set(writer, Json::object().set("number", head.number).set("hash", head.hash));
  }
  return Json::object()
      .set("version", 1)
      .set("restores", marks.restores)
      .set("revocations", marks.revocations)
      .set("heads", std::move(heads));
}

Result<Floor::Marks> Floor::read(const std::filesystem::path& path, const secrets::RecordSeal& seal) {
  const auto refuse = [&](const Error& error) {
    if (error.code == ErrorCode::startup_refused) return fail(error.code, "the floor: " + error.detail);
    return fail(ErrorCode::startup_refused, "the floor, " + path.string() + ", cannot be read (" +
                                                std::string(name_of(error.code)) +
                                                "); put back the copy of `secrets` that goes with the store");
  };
  const auto bytes = secrets::read_private_file(path);
  if (!bytes) return refuse(bytes.error());
  const auto record = seal.open(kName, bytes->reveal());
  if (!record) return refuse(record.error());
  const auto parse = [&]() -> Result<Marks> {
    JsonReader reader(*record);
    TRY(secrets::check_record_version(reader));
    Marks marks;
    marks.restores = TRY(reader.integer("restores"));
    marks.revocations = TRY(reader.integer("revocations"));
    const Json heads = reader.take("heads");
    if (heads.members() == nullptr) return fail(ErrorCode::malformed_message, "heads");
    for (const auto& [writer, value] : *heads.members()) {
      JsonReader head(value);
      ChainHead& mark = marks.heads[writer];
      mark.number = TRY(head.integer("number"));
      mark.hash = TRY(head.text("hash"));
      TRY(head.finish());
    }
    TRY(reader.finish());
    return marks;
  };
  auto marks = parse();
  if (!marks) return refuse(marks.error());
  return marks;
}

Status Floor::create(const std::filesystem::path& path, const secrets::RecordSeal& seal) {
  return secrets::write_private_file(path, seal.close(kName, write(Marks())));
}

Result<std::unique_ptr<Floor>> Floor::load(const std::filesystem::path& path, const secrets::RecordSeal& seal) {
  Marks marks = TRY(read(path, seal));
  std::unique_ptr<Floor> floor(new Floor(path, seal));
  floor->marks_ = std::move(marks);
  return floor;
}

void Floor::note_head(const std::string& writer, const ChainHead& head) {
  const std::lock_guard lock(mutex_);
  records::raise(marks_.heads[writer], head);
  ++changes_;
}

void Floor::note_revocation(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  if (number <= marks_.revocations) return;
  marks_.revocations = number;
  ++changes_;
}

void Floor::note_restores(std::int64_t number) {
  const std::lock_guard lock(mutex_);
  if (number <= marks_.restores) return;
  marks_.restores = number;
  ++changes_;
}

std::int64_t Floor::restores() const {
  const std::lock_guard lock(mutex_);
  return marks_.restores;
}

std::int64_t Floor::revocations() const {
  const std::lock_guard lock(mutex_);
  return marks_.revocations;
}

// Another process may have sealed it under a key that came after this one had loaded its own.
Result<Floor::Marks> Floor::read_latest() const {
  auto marks = read(path_, seal_);
  if (marks) return marks;
  const auto secrets = secrets::Secrets::load_families(path_.parent_path(), Instant());
  return secrets ? read(path_, secrets::RecordSeal(*secrets)) : marks;
}

Status Floor::save() {
  // Apart from the marks: whoever notes one has just committed, and waits for no file and for no other process.
  const std::lock_guard turn(saving_);
  Marks marks;
  std::uint64_t changes = 0;
  {
    const std::lock_guard lock(mutex_);
    if (changes_ == changes_saved_) return ok();
    marks = marks_;
    changes = changes_;
  }
  TRY(merge_into_file(marks));
  const std::lock_guard lock(mutex_);
  raise(marks_, marks);
  changes_saved_ = changes;
  return ok();
}

Status Floor::merge_into_file(Marks& marks) const {
  const secrets::FileLock lock = TRY(secrets::FileLock::acquire(path_.string() + ".lock"));
  raise(marks, TRY(read_latest()));
  return secrets::write_private_file(path_, seal_.close(kName, write(marks)));
}

Result<bool> Floor::is_cut_off(storage::Medium& medium, const std::string& writer, std::int64_t number) const {
  const auto names = TRY(medium.list(audit_folder(writer), audit_name(writer, number), 1));
  if (names.empty()) return false;
  const storage::Entry next = TRY(medium.read(names.front()));
  const auto record = open_audit_record(seal_, names.front(), next.bytes);
  return record && record->decision == name_of(Decision::store_restored);
}

Result<bool> Floor::has_head(storage::Medium& medium, const std::string& writer, const ChainHead& head) const {
  if (head.number == 0) return true;
  const auto entry = TRY(storage::find(medium, audit_name(writer, head.number)));
  if (entry) return hex(sha256(entry->bytes)) == head.hash;
  // What the floor remembers may lag behind, and be in an archive since. The chain was there when it was moved.
  const ChainHead start = TRY(find_chain_start(medium, seal_, writer));
  if (head.number < start.number || head == start) return true;
  return is_cut_off(medium, writer, head.number);
}

Status Floor::judge_medium(storage::Medium& medium, std::int64_t restores) const {
  TRY(judge_age(medium, restores));
  return judge_revocations(medium);
}

Status Floor::judge_age(storage::Medium& medium, std::int64_t restores) const {
  const auto refuse = [](const std::string& why) {
    return fail(
        ErrorCode::medium_restored,
        "the medium is older than this server remembers: " + why +
            ". Stop every server, then run `countersign restore --accept`: every session and open challenge ends");
  };
  for (const auto& [writer, head] : heads()) {
    if (TRY(has_head(medium, writer, head))) continue;
    return refuse("its audit chain '" + writer + "' lacks record " + std::to_string(head.number));
  }
  if (restores < this->restores()) return refuse("it is from before restore " + std::to_string(this->restores()));
  return ok();
}

Status Floor::judge_revocations(storage::Medium& medium) const {
  const std::int64_t number = revocations();
  if (number == 0 || TRY(storage::find(medium, withdrawal_name(number)))) return ok();
  return fail(ErrorCode::medium_restored,
              "the medium is older than this server remembers: it lacks revocation " + std::to_string(number) +
                  ". Run `countersign revocation apply FILE` with a list that holds it; where there is none, "
                  "`countersign restore --accept-lost-revocations`");
}

std::map<std::string, ChainHead> Floor::heads() const {
  const std::lock_guard lock(mutex_);
  return marks_.heads;
}

}  // namespace countersign::auth::records
