#include "auth/authenticator.hpp"

#include "auth/base/log.hpp"
#include "auth/upkeep/ageing.hpp"

namespace countersign::auth {

Result<std::unique_ptr<Authenticator>> Authenticator::open(AuthenticatorSettings settings, secrets::Secrets secrets,
                                                           storage::Medium& medium, openpgp::OpenPgp& engine,
                                                           const Clock& clock, Rng& rng) {
  std::unique_ptr<Authenticator> self(
      new Authenticator(std::make_unique<Ground>(std::move(settings), std::move(secrets), medium, engine, clock, rng)));
  TRY(self->start());
  return self;
}

namespace {

// The reason that somebody can mend at once, where it is this one: machines without a battery come up in the past.
Status explained_by_clock(Status tested, Instant key_made, Instant now) {
  if (tested || key_made <= now) return tested;
  return fail(ErrorCode::startup_refused, "the server's key " + upkeep::describe_made_ahead(key_made, now));
}

}  // namespace

Status Authenticator::start() {
  const AuthenticatorSettings& settings = ground_->settings;
  if (!storage::check_name(records::audit_name(settings.writer, 1)) || settings.writer.find('/') != std::string::npos) {
    return fail(ErrorCode::startup_refused, "a writer of the audit record is named with a-z, 0-9, '.', '_' and '-'");
  }
  auto identity = settings.identity
                      ? *settings.identity
                      : TRY(records::ServerIdentity::load(ground_->medium, ground_->seal, settings.server_name,
                                                          settings.server_fingerprint));
  ground_->record_key_in_use = TRY(
      secrets::FileLock::share(ground_->secrets.folder() / secret_file_name(secrets::SecretFamily::record,
                                                                            ground_->secrets.newest_record_key().id)));
  auto floor = TRY(records::Floor::load(settings.floor_path, ground_->seal));
  TRY(floor->judge_age(ground_->medium, identity.restores()));
  if (!settings.applies_revocations) TRY(floor->judge_revocations(ground_->medium));
  floor->note_restores(identity.restores());
  auto key_facts = identity.inspect(ground_->engine, ground_->clock.now());
  if (!key_facts) {
    return fail(ErrorCode::startup_refused, "the server's certificate: " + key_facts.error().detail);
  }
  const Instant key_made = key_facts->primary.created_at;
  roles_ = std::make_unique<Roles>(*ground_, std::move(identity), *std::move(key_facts), std::move(floor));
  heads_at_start_ = roles_->floor->heads();
  TRY(roles_->timekeeper.load());
  const Instant now = roles_->timekeeper.now().wall;
  const Status tested = settings.self_test ? roles_->identity.self_test(ground_->engine, now) : ok();
  // A key that has expired signs nothing, so there is nothing to test, and the rest of the server goes on without it.
  if (!tested && roles_->key_watch.judge(now) && !settings.mends_key) {
    return explained_by_clock(tested, key_made, now);
  }
  if (const Status loaded = roles_->limits.load(now, ground_->clock.monotonic()); !loaded) {
    if (face_of(loaded.error().code) == Face::unavailable) return loaded;
    // Whoever could damage the record could as well take it away: no reason to let nobody in, and one to be told.
    log_event(LogLevel::alarm, "limits begin anew",
              {{"code", countersign::name_of(loaded.error().code)}, {"detail", loaded.error().detail}});
  }
  return roles_->decoys.load(now);
}

// Whoever sits at the machine is not a stranger.
bool Authenticator::is_limited(const Visit& visit) const {
  return is_by_network(visit.arrival) && ground_->settings.policies.rate_limit;
}

Status Authenticator::limit_request(const Visit& visit) {
  if (!is_limited(visit)) return ok();
  return roles_->limits.take_request(visit.source, ground_->clock.monotonic());
}

Status Authenticator::limit_password(const Visit& visit, const std::string& account) {
  if (!is_limited(visit)) return ok();
  return roles_->limits.take_password(visit.source, account, ground_->clock.monotonic());
}

Error Authenticator::explained(Error failure) {
  if (failure.code != ErrorCode::openpgp_unavailable) return failure;
  // Of what the engine cannot do the end of the key is the one reason that somebody can mend at once.
  const Status judged = roles_->key_watch.judge(roles_->timekeeper.now().wall);
  if (!judged) failure.detail = judged.error().detail;
  return failure;
}

}  // namespace countersign::auth
