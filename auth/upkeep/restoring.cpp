#include "auth/upkeep/restoring.hpp"

#include <fmt/format.h>

#include <map>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/records/account.hpp"
#include "auth/records/withdrawal.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::upkeep {
namespace {

constexpr std::size_t kBatchMax = 500;
constexpr std::size_t kBatchBytesMax = 4u << 20;
// Lines a batch, when very many are given up.
constexpr std::int64_t kLostMax = 10'000;

std::optional<openpgp::gate::GatedCertificate> own_certificate(const secrets::Secrets& secrets) {
  auto packets = openpgp::gate::dearmor("PGP PRIVATE KEY BLOCK", secrets.server_key_armored().reveal_text());
  if (!packets) return std::nullopt;  // it stays elsewhere
  const Secret key = Secret::take(*packets);
  const auto certificate = openpgp::gate::certificate_of_secret_key(key.reveal());
  if (!certificate) return std::nullopt;
  auto admitted = openpgp::gate::admit_certificate(*certificate, openpgp::gate::kCertificateReadBytesMax);
  return admitted ? std::optional(*std::move(admitted)) : std::nullopt;
}

Result<records::ServerIdentity> with_own_key(records::ServerIdentity identity, const RestoreGround& ground) {
  const auto own = own_certificate(ground.secrets);
  if (own && !identity.has_key(own->fingerprint())) identity = identity.with_key(*own, "", "", ground.now);
  TRY(identity.judge_configured(ground.server_fingerprint));
  return identity;
}

Result<records::ServerIdentity> identity_in(ByteView record, const RestoreGround& ground) {
  return records::ServerIdentity::open(record, ground.seal, ground.server_name);
}

// Of the store that is to be replaced; nothing where there is none, or none that can be read.
Result<std::optional<records::ServerIdentity>> present_identity(const RestoreGround& ground) {
  const auto entry = TRY(storage::find(ground.medium, records::kIdentityName));
  auto opened = entry ? identity_in(entry->bytes, ground) : Result<records::ServerIdentity>(fail(ErrorCode::not_found));
  return opened ? std::optional(*std::move(opened)) : std::nullopt;
}

std::string detail_of(const Adopted& adopted) {
  std::string detail = fmt::format("restore {}", adopted.restores);
  if (adopted.missing_last > 0) {
    detail += fmt::format("; revocations {} to {} {}", adopted.missing_first, adopted.missing_last,
                          adopted.given_up ? "are given up as lost" : "wait for an export");
  }
  return detail;
}

Result<Adopted> adopt(const RestoreGround& ground, const records::ServerIdentity& identity,
                      MissingRevocations missing) {
  Adopted adopted;
  adopted.restores = std::max(identity.restores(), ground.floor.restores()) + 1;
  const std::int64_t remembered = ground.floor.revocations();
  const std::int64_t last = TRY(records::last_withdrawal(ground.medium, remembered));
  storage::Batch batch;
  if (last < remembered) {
    adopted.missing_first = last + 1;
    adopted.missing_last = remembered;
    adopted.given_up = missing == MissingRevocations::give_up;
  }
  if (adopted.given_up) {
    if (remembered - last > kLostMax) return fail(ErrorCode::failed, "too many revocations are missing");
    for (std::int64_t number = last + 1; number <= remembered; ++number) {
      const std::string name = records::withdrawal_name(number);
      batch.require_absent(name);
      batch.put(name, ground.seal.close(name, write_withdrawal(records::lost_withdrawal(number, ground.now))));
    }
  }
  identity.with_restores(adopted.restores).stage(batch, ground.seal);
  records::Audit audit(ground.medium, ground.seal, ground.floor, ground.writer);
  const auto rejoined = TRY(audit.stage_rejoined(
      batch, {records::Decision::store_restored, ground.now, "", "", "", "local", detail_of(adopted)}));
  adopted.cut_off = rejoined.cut_off;
  TRY(ground.medium.commit(batch));
  for (const auto& [writer, head] : rejoined.heads) ground.floor.note_head(writer, head);
  ground.floor.note_restores(adopted.restores);
  TRY(ground.floor.save());
  return adopted;
}

// Puts and erases in their order, so many in a batch.
class Replay {
 public:
  explicit Replay(storage::Medium& medium) : medium_(medium) {}
  Status take(records::BackupRecord record) {
    if (record.bytes) {
      bytes_ += record.bytes->size();
      batch_.put(std::move(record.name), *record.bytes);
    } else {
      batch_.erase(std::move(record.name));
    }
    if (batch_.changes().size() < kBatchMax && bytes_ < kBatchBytesMax) return ok();
    return flush();
  }
  Status flush() {
    if (!batch_.changes().empty()) TRY(medium_.commit(batch_));
    batch_ = {};
    bytes_ = 0;
    return ok();
  }

 private:
  storage::Medium& medium_;
  storage::Batch batch_;
  std::size_t bytes_ = 0;
};

// All but the identity record, which says what the server's key is now: a backup may be from before it was replaced.
Status erase_all(storage::Medium& medium) {
  Replay replay(medium);
  TRY(storage::visit_names(medium, "", "", [&](const std::string& name) -> Result<bool> {
    if (name != records::kIdentityName) TRY(replay.take({name, std::nullopt}));
    return true;
  }));
  return replay.flush();
}

// Whether the secrets that there are open all that will be there: a record key that was retired since the backup was
// made may have sealed what was sealed anew meanwhile in the store alone.
class KeysNeeded {
 public:
  explicit KeysNeeded(const secrets::Secrets& secrets) : secrets_(secrets) {}

  // In the order of the file: what comes later under a name is what counts.
  void take(const records::BackupRecord& record) {
    missing_.erase(record.name);
    if (!record.bytes) return;
    const auto key = secrets::record_key_named_in(*record.bytes);
    const auto pepper = records::pepper_key_named_in(record.name, *record.bytes);
    if (key && secrets_.find_key_of_record(*key, record.name) == nullptr) {
      missing_[record.name] = *key;
    } else if (pepper && secrets_.find_record_key(*pepper) == nullptr) {
      missing_[record.name] = *pepper;
    }
  }

  Status judge() const {
    if (missing_.empty()) return ok();
    const auto& [name, key] = *missing_.begin();
    return fail(ErrorCode::secret_missing,
                fmt::format("{} records of the backup need keys that are not there, as {} needs record key {}: put the "
                            "secrets folder back that was saved with it",
                            missing_.size(), name, escape_for_display(key, 32)));
  }

 private:
  const secrets::Secrets& secrets_;
  std::map<std::string, std::string> missing_;  // the key, by the name of the record
};

// The present one, where it is the same server's and has gone on from the backup's key.
records::ServerIdentity later_of(const std::optional<records::ServerIdentity>& present,
                                 records::ServerIdentity backed_up) {
  const bool goes_on = present && present->store() == backed_up.store() && present->has_key(backed_up.fingerprint());
  return goes_on ? *present : std::move(backed_up);
}

}  // namespace

Result<records::ServerIdentity> identity_on(const RestoreGround& ground) {
  const auto entry = TRY(storage::find(ground.medium, records::kIdentityName));
  if (!entry) return fail(ErrorCode::startup_refused, "the store holds no server identity");
  return with_own_key(TRY(identity_in(entry->bytes, ground)), ground);
}

Result<Adopted> adopt_medium(const RestoreGround& ground, MissingRevocations missing) {
  return adopt(ground, TRY(identity_on(ground)), missing);
}

Status learn_from_medium(const RestoreGround& ground) {
  records::Audit audit(ground.medium, ground.seal, ground.floor, ground.writer);
  for (const auto& [writer, head] : TRY(audit.heads())) {
    // What does not hold was not written here, and its number means nothing.
    if (head.number > 0 && find_record(ground.medium, ground.seal, records::audit_name(writer, head.number))) {
      ground.floor.note_head(writer, head);
    }
  }
  const std::int64_t last = TRY(records::last_withdrawal(ground.medium, ground.floor.revocations()));
  if (last > 0 && find_record(ground.medium, ground.seal, records::withdrawal_name(last)))
    ground.floor.note_revocation(last);
  if (const auto identity = identity_on(ground)) ground.floor.note_restores(identity->restores());
  return ground.floor.save();
}

Result<BackupFacts> verify_backup(records::ByteSource source, const RestoreGround& ground) {
  records::BackupHead own{ground.server_name, "", {}};
  const auto present = TRY(present_identity(ground));
  if (present) own.store = hex(present->store());
  records::BackupReader reader = TRY(records::BackupReader::begin(std::move(source), ground.secrets, own));
  std::optional<Bytes> identity;
  KeysNeeded keys(ground.secrets);
  while (true) {
    auto record = TRY(reader.next());
    if (!record) break;
    keys.take(*record);
    if (record->name == records::kIdentityName) identity = std::move(record->bytes);
  }
  if (!identity) return fail(ErrorCode::malformed_message, "the backup: it holds no server identity");
  TRY(keys.judge());
  TRY(with_own_key(TRY(identity_in(*identity, ground)), ground));
  return BackupFacts{reader.head(), reader.counts()};
}

Result<Adopted> put_back(records::ByteSource source, const RestoreGround& ground, const Progress& progress) {
  records::BackupReader reader = TRY(records::BackupReader::begin(std::move(source), ground.secrets));
  const auto present = TRY(present_identity(ground));
  TRY(erase_all(ground.medium));
  Replay replay(ground.medium);
  std::optional<Bytes> identity;
  while (true) {
    auto record = TRY(reader.next());
    if (!record) break;
    tell_now_and_then(progress, reader.counts().puts);
    if (record->name == records::kIdentityName) {
      identity = std::move(record->bytes);
    } else {
      TRY(replay.take(*std::move(record)));
    }
  }
  TRY(replay.flush());
  if (!identity) return fail(ErrorCode::malformed_message, "the backup: it holds no server identity");
  const auto later = TRY(with_own_key(later_of(present, TRY(identity_in(*identity, ground))), ground));
  return adopt(ground, later, MissingRevocations::wait_for_export);
}

}  // namespace countersign::auth::upkeep
