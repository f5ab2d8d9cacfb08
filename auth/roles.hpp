// What an Authenticator is made of. The members of each struct are in the order in which they need each other.
#pragma once

#include <optional>
#include <tuple>

#include "auth/accounts/deletion.hpp"
#include "auth/accounts/enrolment.hpp"
#include "auth/accounts/legacy_import.hpp"
#include "auth/accounts/passwords.hpp"
#include "auth/authenticator_settings.hpp"
#include "auth/context.hpp"
#include "auth/invites/invites.hpp"
#include "auth/keys/escrow.hpp"
#include "auth/keys/revocation.hpp"
#include "auth/keys/revocation_export.hpp"
#include "auth/keys/rotation.hpp"
#include "auth/proving/decoys.hpp"
#include "auth/proving/issuing.hpp"
#include "auth/secrets/private_file.hpp"
#include "auth/sessions/browser_login.hpp"
#include "auth/sessions/login.hpp"
#include "auth/sessions/sessions.hpp"
#include "auth/throttle/limits.hpp"
#include "auth/upkeep/account_care.hpp"
#include "auth/upkeep/inspection.hpp"
#include "auth/upkeep/key_upkeep.hpp"
#include "auth/upkeep/key_watch.hpp"
#include "auth/upkeep/secret_upkeep.hpp"
#include "auth/upkeep/signing_watch.hpp"
#include "auth/upkeep/sweeping.hpp"

namespace countersign::auth {

// What it was opened over.
struct Ground {
  Ground(AuthenticatorSettings settings_in, secrets::Secrets secrets_in, storage::Medium& medium_in,
         openpgp::OpenPgp& engine_in, const Clock& clock_in, Rng& rng_in)
      : settings(std::move(settings_in)),
        secrets(std::move(secrets_in)),
        seal(secrets),
        medium(medium_in),
        clock(clock_in),
        rng(rng_in),
        engine(engine_in, settings.key_reach, clock_in) {}

  const AuthenticatorSettings settings;
  const secrets::Secrets secrets;
  const secrets::RecordSeal seal;
  storage::Medium& medium;
  const Clock& clock;
  Rng& rng;
  upkeep::SigningWatch engine;
  std::optional<secrets::FileLock> record_key_in_use;  // so that it is not retired under whoever seals with it
};

// Who does the work: a role an operation, or a few that belong together. Any thread may use any role, those
// excepted that maintain() goes on with: sweeper, account_care, inspection.
struct Roles {
  Roles(Ground& ground, records::ServerIdentity identity_in, openpgp::CertificateFacts key_facts,
        std::unique_ptr<records::Floor> floor_in)
      : identity(std::move(identity_in)),
        key_watch(std::move(key_facts)),
        floor(std::move(floor_in)),
        timekeeper(ground.clock, ground.medium, ground.seal, ground.settings.policies.session_idle_limit / 20),
        accounts(ground.medium, ground.seal),
        verified(ground.medium, ground.seal, ground.settings.policies.record_cache_bytes),
        audit(ground.medium, ground.seal, *floor, ground.settings.writer),
        hasher(ground.settings.hasher),
        password_hashes(hasher, ground.secrets, ground.rng, ground.settings.policies.password),
        key_maker(ground.engine),
        ballast(ground.settings.ballast_path),
        context{ground.medium,
                ground.secrets,
                ground.seal,
                identity,
                ground.engine,
                timekeeper,
                ground.rng,
                audit,
                accounts,
                verified,
                ground.settings.policies,
                password_hashes,
                *floor,
                ballast},
        decoys(ground.medium, ground.seal, ground.secrets.decoy_key(), ground.engine),
        sessions(context),
        issuing(context, decoys),
        login(context, sessions),
        browser_login(context, sessions),
        enrolment(context, key_maker),
        legacy_import(context),
        passwords(context, sessions),
        key_upkeep(context, ground.settings.key_home),
        secret_upkeep(context),
        withdrawals(context),
        revocation(context, withdrawals, passwords.check()),
        rotation(context, withdrawals, passwords.check(), key_maker),
        escrow(context, passwords.check()),
        deletion(context, withdrawals),
        invites(context, withdrawals),
        exporting(context, withdrawals),
        sweeper(context),
        account_care(context, revocation, decoys),
        inspection(context),
        limits(ground.medium, ground.seal, ground.settings.writer, ground.settings.policies.limits) {}

  const records::ServerIdentity identity;
  upkeep::KeyWatch key_watch;
  const std::unique_ptr<records::Floor> floor;
  Timekeeper timekeeper;
  records::Accounts accounts;
  records::VerifiedRecords verified;
  records::Audit audit;
  passwords::Hasher hasher;
  passwords::PasswordHashes password_hashes;
  keys::KeyMaker key_maker;
  storage::Ballast ballast;
  const Context context;
  proving::Decoys decoys;
  sessions::Sessions sessions;
  proving::Issuing issuing;
  sessions::Login login;
  sessions::BrowserLogin browser_login;
  accounts::Enrolment enrolment;
  accounts::LegacyImport legacy_import;
  accounts::Passwords passwords;
  upkeep::KeyUpkeep key_upkeep;
  upkeep::SecretUpkeep secret_upkeep;
  keys::Withdrawals withdrawals;
  keys::Revocation revocation;
  keys::Rotation rotation;
  keys::Escrow escrow;
  accounts::Deletion deletion;
  invites::Invites invites;
  keys::RevocationExporting exporting;
  upkeep::Sweeper sweeper;
  upkeep::AccountCare account_care;
  upkeep::Inspection inspection;
  throttle::Limits limits;

  // What an operation asks for, by its type.
  template <class Role>
  Role& get() {
    return std::get<Role&>(std::tie(context, accounts, audit, sessions, issuing, login, browser_login, enrolment,
                                    legacy_import, passwords, key_upkeep, secret_upkeep, revocation, rotation, escrow,
                                    deletion, invites, exporting));
  }
};

}  // namespace countersign::auth
