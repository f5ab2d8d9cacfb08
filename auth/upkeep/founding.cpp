#include "auth/upkeep/founding.hpp"

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/policy.hpp"
#include "auth/proving/decoys.hpp"
#include "auth/records/audit.hpp"
#include "auth/records/server_identity.hpp"
#include "auth/upkeep/ageing.hpp"

namespace countersign::auth::upkeep {
namespace {

constexpr std::size_t kStoreIdBytes = 16;

struct ServerKey {
  Fingerprint fingerprint;
  std::string certificate;  // armored
  Secret secret_armored;    // empty where it stays elsewhere
};

Result<ServerKey> make_key(const std::string& server_name, openpgp::OpenPgp& engine, Instant now) {
  const auto made = TRY(engine.generate({openpgp::KeyKind::ed25519_cv25519, "Countersign " + server_name, now}));
  ServerKey key;
  key.fingerprint = made.fingerprint;
  key.certificate = openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", made.certificate);
  std::string armored_secret = openpgp::gate::enarmor("PGP PRIVATE KEY BLOCK", made.secret_key.reveal());
  key.secret_armored = Secret::take(armored_secret);
  return key;
}

std::string why_unfit(const openpgp::CertificateFacts& facts, Instant now) {
  const openpgp::KeyFacts& primary = facts.primary;
  if (primary.revoked) return "it is revoked";
  if (primary.expires_at && *primary.expires_at <= now) return "it has expired";
  if (primary.created_at > now) return "it " + describe_made_ahead(primary.created_at, now);
  if (!openpgp::may_sign(primary.algorithm)) return primary.algorithm + " is not accepted";
  return "it holds no key that signs";
}

// That it may sign is judged here, that it does by the self-test.
Result<ServerKey> judge_key(const std::string& armored, openpgp::OpenPgp& engine, Instant now) {
  const auto certificate = TRY(openpgp::gate::admit_certificate(armored, openpgp::gate::kCertificateReadBytesMax));
  const auto facts = TRY(engine.inspect(certificate, now));
  bool signs = openpgp::judge_signing_key(facts, facts.primary.fingerprint, now).has_value();
  for (const openpgp::KeyFacts& subkey : facts.subkeys) {
    signs = signs || openpgp::judge_signing_key(facts, subkey.fingerprint, now).has_value();
  }
  if (!signs) return fail(ErrorCode::certificate_refused, "the key cannot be a server's: " + why_unfit(facts, now));
  ServerKey key;
  key.fingerprint = certificate.fingerprint();
  key.certificate = openpgp::gate::enarmor("PGP PUBLIC KEY BLOCK", certificate.packets());
  return key;
}

}  // namespace

Result<Fingerprint> found_store(const Founding& founding, storage::Medium& medium, openpgp::OpenPgp& engine,
                                const Clock& clock, Rng& rng) {
  TRY(records::ServerIdentity::check_name(founding.server_name));
  if (!TRY(medium.list("", "", 1)).empty()) return fail(ErrorCode::conflict, "the store is not empty");
  const Instant now = clock.now();
  const bool is_new = founding.server_certificate.empty();
  const ServerKey key =
      TRY(is_new ? make_key(founding.server_name, engine, now) : judge_key(founding.server_certificate, engine, now));
  Bytes store_id = TRY(random_bytes(rng, kStoreIdBytes));
  const records::ServerIdentity identity(founding.server_name, std::move(store_id),
                                         {{key.fingerprint, key.certificate, now, std::nullopt}});
  if (!is_new) TRY(identity.test_signing(engine, now));

  TRY(secrets::Secrets::create(founding.secrets_folder, rng, now, key.secret_armored));
  const secrets::Secrets secrets =
      TRY(is_new ? secrets::Secrets::load(founding.secrets_folder, now)
                 : secrets::Secrets::load_without_server_key(founding.secrets_folder, now));
  const secrets::RecordSeal seal(secrets);
  TRY(records::Floor::create(founding.secrets_folder / "floor", seal));
  const auto floor = TRY(records::Floor::load(founding.secrets_folder / "floor", seal));
  proving::Decoys decoys(medium, seal, secrets.decoy_key(), engine);
  TRY(decoys.rebalance({}, now));
  storage::Batch batch;
  identity.stage(batch, seal);
  records::Audit audit(medium, seal, *floor, founding.writer);
  TRY(audit.commit(batch, {records::Decision::store_created, now, "", key.fingerprint.upper(), "", "local", ""}));
  TRY(floor->save());
  return key.fingerprint;
}

}  // namespace countersign::auth::upkeep
