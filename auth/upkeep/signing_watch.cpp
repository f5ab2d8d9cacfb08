#include "auth/upkeep/signing_watch.hpp"

#include "auth/base/log.hpp"

namespace countersign::auth::upkeep {

SigningWatch::SigningWatch(openpgp::OpenPgp& engine, openpgp::KeyReach* reach, const Clock& clock)
    : engine_(engine), reach_(reach), clock_(clock), looked_at_(clock.monotonic()) {}

Status SigningWatch::state() const {
  const std::lock_guard lock(mutex_);
  if (trouble_) return tl::unexpected<Error>(*trouble_);
  return ok();
}

void SigningWatch::set(std::optional<Error> trouble) {
  std::optional<Error> before;
  {
    const std::lock_guard lock(mutex_);
    before = trouble_;
    trouble_ = trouble;
  }
  if (trouble && (!before || before->code != trouble->code)) {
    log_event(LogLevel::alarm, "server key out of reach",
              {{"code", countersign::name_of(trouble->code)}, {"detail", trouble->detail}});
  }
  if (before && !trouble) log_event(LogLevel::info, "server key back", {});
}

void SigningWatch::note(const Error& error) {
  if (reach_ == nullptr) return;
  // At once: whoever comes next must not try the same PIN.
  if (error.code == ErrorCode::key_locked) set(error);
  if (error.code == ErrorCode::openpgp_unavailable) suspect_ = true;
}

void SigningWatch::look_after(const std::function<Status(openpgp::OpenPgp&)>& test) {
  if (reach_ == nullptr) return;
  const Status before = state();
  const auto now = clock_.monotonic();
  const bool suspected = suspect_.exchange(false);
  if (!suspected && now - looked_at_ < (before ? kLookEvery : kRetryEvery)) return;
  looked_at_ = now;
  if (const Status seen = reach_->look(); !seen) return set(seen.error());
  if (before && !suspected) return;
  // A token that stayed in its place is not asked for its PIN again; one that was pulled has lost this state above.
  if (!before && before.error().code == ErrorCode::key_locked) return;
  const Status tested = test(engine_);
  if (tested) return set(std::nullopt);
  const bool is_ours = face_of(tested.error().code) == Face::unavailable;
  set(Error{is_ours ? tested.error().code : ErrorCode::openpgp_unavailable, tested.error().detail});
}

Result<openpgp::CertificateFacts> SigningWatch::inspect(const openpgp::gate::GatedCertificate& certificate,
                                                        Instant now) {
  return engine_.inspect(certificate, now);
}

Result<std::string> SigningWatch::seal(const openpgp::SealRequest& request) {
  TRY(state());
  auto message = engine_.seal(request);
  if (!message) note(message.error());
  return message;
}

Result<std::string> SigningWatch::sign(std::string_view text, Instant now) {
  TRY(state());
  auto signature = engine_.sign(text, now);
  if (!signature) note(signature.error());
  return signature;
}

Result<openpgp::SignatureFacts> SigningWatch::verify(const openpgp::gate::GatedCertificate& certificate,
                                                     ByteView message, const openpgp::gate::GatedSignature& signature,
                                                     Instant now) {
  return engine_.verify(certificate, message, signature, now);
}

Result<openpgp::GeneratedKey> SigningWatch::generate(const openpgp::KeyRequest& request) {
  return engine_.generate(request);
}

}  // namespace countersign::auth::upkeep
