#include "auth/founding.hpp"

#include "auth/audit/audit.hpp"
#include "auth/challenges/decoys.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/server_identity/server_identity.hpp"

namespace countersign::auth {
namespace {
constexpr std::size_t kStoreIdBytes = 16;
}

Result<openpgp::Fingerprint> found_store(const Founding& founding, storage::Medium& medium, openpgp::OpenPgp& engine,
                                         const Clock& clock, Rng& rng) {
  TRY(ServerIdentity::check_name(founding.server_name));
  if (!TRY(medium.list("", "", 1)).empty()) return fail(ErrorCode::conflict, "the store is not empty");
  const Instant now = clock.now();
  const auto key = TRY(engine.generate(openpgp::KeyKind::ed25519_cv25519, "Countersign " + founding.server_name, now));
  std::string armored_secret = openpgp::enarmor("PGP PRIVATE KEY BLOCK", key.secret_key.reveal());
  TRY(Secrets::create(founding.secrets_folder, rng, now, Secret::take(armored_secret)));
  const Secrets secrets = TRY(Secrets::load(founding.secrets_folder));
  const RecordSeal seal(secrets);

  Bytes store_id = TRY(random_bytes(rng, kStoreIdBytes));
  const ServerIdentity identity(
      founding.server_name, std::move(store_id),
      {{key.fingerprint, openpgp::enarmor("PGP PUBLIC KEY BLOCK", key.certificate), now, std::nullopt}});
  TRY(Floor::create(founding.secrets_folder / "floor", seal));
  const auto floor = TRY(Floor::load(founding.secrets_folder / "floor", seal));
  Decoys decoys(medium, seal, secrets.decoy_key(), engine);
  TRY(decoys.rebalance({}, now));
  storage::Batch batch;
  identity.stage(batch, seal);
  Audit audit(medium, seal, *floor, founding.writer);
  TRY(audit.commit(batch, {Decision::store_created, now, "", key.fingerprint.upper(), "", "local", ""}));
  TRY(floor->save());
  return key.fingerprint;
}

}  // namespace countersign::auth
