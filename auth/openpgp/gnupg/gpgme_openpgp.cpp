#include "auth/openpgp/gnupg/gpgme_openpgp.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gnupg/limits.hpp"
#include "auth/openpgp/gnupg/run_folder.hpp"
#include "auth/openpgp/gnupg/worker_pool.hpp"
#include "auth/openpgp/passphrase.hpp"
#include "auth/openpgp/policy.hpp"
#include "auth/openpgp/sealing.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

using namespace gnupg;

// A reply of another kind than was asked for is a worker out of order.
template <class Wanted>
Result<Wanted> take_reply(Result<Reply> reply) {
  if (!reply) return tl::unexpected<Error>(reply.error());
  if (auto* const wanted = std::get_if<Wanted>(&*reply)) return std::move(*wanted);
  return fail(ErrorCode::openpgp_unavailable, "the GnuPG worker answered something else");
}

Bytes copy_of(ByteView bytes) {
  return Bytes(bytes.begin(), bytes.end());
}

PoolOptions pool_options(const GpgmeOptions& options) {
  PoolOptions out;
  out.program = options.worker_program;
  out.arguments = options.worker_arguments;
  out.workers = std::max<std::size_t>(options.workers, 1);
  out.start_limit = kStartLimit;
  out.queue_limit = kOperationLimit;
  return out;
}

}  // namespace

class GpgmeOpenPgp::Impl {
 public:
  Impl(const GpgmeOptions& options, RunFolder folder, PrepareRequest prepare)
      : operation_limit_(options.operation_limit),
        first_use_limit_(options.first_use_limit),
        key_place_(prepare.place),
        pool_(pool_options(options), std::move(folder), std::move(prepare)) {}

  Status start() {
    const CertificateReply reply = TRY(pool_.start());
    if (key_place_ == KeyPlace::nowhere) return ok();
    certificate_ = TRY(gate::admit_certificate(as_text(reply.certificate), gate::kCertificateKeptBytesMax));
    return ok();
  }

  // An operation that is not expected to take long.
  Result<Reply> ask(const Request& request) { return pool_.ask(request, operation_limit_); }
  WorkerPool& pool() { return pool_; }
  const gate::GatedCertificate* certificate() const { return certificate_ ? &*certificate_ : nullptr; }

  Result<CertificateFacts> inspect(const gate::GatedCertificate& certificate, Instant now) {
    const InspectReply reply = TRY(take_reply<InspectReply>(ask(InspectRequest{certificate.packets(), now})));
    if (reply.facts.primary.fingerprint != certificate.fingerprint()) {
      return fail(ErrorCode::openpgp_unavailable, "the GnuPG worker looked at another certificate");
    }
    return reply.facts;
  }

  Result<ServerSignature> sign(std::string_view text, Instant now) {
    if (!certificate_) return fail(ErrorCode::openpgp_unavailable, "this engine holds no server key");
    if (key_place_ == KeyPlace::handed_over) return sign_within(operation_limit_, text, now);
    // A token does one thing at a time, and asks for one PIN.
    std::unique_lock turn(operators_turn_, std::defer_lock);
    if (!turn.try_lock_for(operation_limit_)) {
      return fail(ErrorCode::openpgp_unavailable, "the server's key is busy; does somebody have to type its PIN?");
    }
    auto made = sign_within(used_once_ ? operation_limit_ : first_use_limit_, text, now);
    used_once_ = made.has_value();
    return made;
  }

  Status look() {
    if (key_place_ != KeyPlace::operators_home) return ok();
    std::unique_lock turn(operators_turn_, std::defer_lock);
    if (!turn.try_lock_for(operation_limit_)) {
      return fail(ErrorCode::openpgp_unavailable, "the server's key is busy; does somebody have to type its PIN?");
    }
    const auto seen = take_reply<LookReply>(pool_.ask(LookRequest{}, operation_limit_));
    if (seen) return ok();
    used_once_ = false;
    return tl::unexpected<Error>(seen.error());
  }

 private:
  // Whatever signed, the result is judged like a stranger's: one good signature packet by a key of ours.
  Result<ServerSignature> sign_within(std::chrono::milliseconds limit, std::string_view text, Instant now) {
    SignReply reply = TRY(take_reply<SignReply>(pool_.ask(SignRequest{to_bytes(text), now}, limit)));
    const auto gated = gate::admit_signature(as_text(reply.signature));
    if (!gated) return fail(ErrorCode::openpgp_unavailable, "the server's signature: " + gated.error().detail);
    if (gated->signature_class() != 0 || !is_strong_hash(gated->hash_algorithm())) {
      return fail(ErrorCode::openpgp_unavailable, "the server's signature is not detached, or its hash is weak");
    }
    if (gated->issuer() && *gated->issuer() != reply.signing_key) {
      return fail(ErrorCode::openpgp_unavailable, "the server's signature names another key than gpg does");
    }
    TRY(judge_signer(reply.signing_key, now));
    return ServerSignature{gated->packets(), reply.signing_key};
  }

  // gpg lets a key sign in the very second in which it expires, and knows nothing of our policy.
  Status judge_signer(const Fingerprint& signer, Instant now) {
    const std::lock_guard lock(facts_mutex_);
    if (facts_ && judge_signing_key(*facts_, signer, now)) return ok();
    facts_ = TRY(inspect(*certificate_, now));
    const auto judged = judge_signing_key(*facts_, signer, now);
    if (judged) return ok();
    return fail(ErrorCode::openpgp_unavailable, "the server's key: " + judged.error().detail);
  }

  const std::chrono::milliseconds operation_limit_;
  const std::chrono::milliseconds first_use_limit_;
  const KeyPlace key_place_;
  WorkerPool pool_;
  std::optional<gate::GatedCertificate> certificate_;
  std::mutex facts_mutex_;
  std::optional<CertificateFacts> facts_;  // of the server's certificate, when it was last asked for
  std::timed_mutex operators_turn_;
  bool used_once_ = false;  // since it was last out of reach; by whose turn it is
};

namespace {

Result<RunFolder> make_run_folder(const GpgmeOptions& options) {
  return RunFolder::make(options.places.empty() ? run_folder_places() : options.places);
}

}  // namespace

GpgmeOpenPgp::GpgmeOpenPgp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GpgmeOpenPgp::~GpgmeOpenPgp() = default;

Result<std::unique_ptr<GpgmeOpenPgp>> GpgmeOpenPgp::open(const Secret& secret_key, const GpgmeOptions& options) {
  PrepareRequest prepare;
  prepare.place = secret_key.empty() ? KeyPlace::nowhere : KeyPlace::handed_over;
  prepare.secret_key = secret_key;
  auto impl = std::make_unique<Impl>(options, TRY(make_run_folder(options)), std::move(prepare));
  TRY(impl->start());
  return std::unique_ptr<GpgmeOpenPgp>(new GpgmeOpenPgp(std::move(impl)));
}

Result<std::unique_ptr<GpgmeOpenPgp>> GpgmeOpenPgp::open(const GnupgServerKey& key, const GpgmeOptions& options) {
  PrepareRequest prepare;
  prepare.place = KeyPlace::operators_home;
  prepare.operators_home = key.home;
  prepare.operators_key = key.fingerprint;
  auto impl = std::make_unique<Impl>(options, TRY(make_run_folder(options)), std::move(prepare));
  TRY(impl->start());
  return std::unique_ptr<GpgmeOpenPgp>(new GpgmeOpenPgp(std::move(impl)));
}

Result<CertificateFacts> GpgmeOpenPgp::inspect(const gate::GatedCertificate& certificate, Instant now) {
  return impl_->inspect(certificate, now);
}

Result<std::string> GpgmeOpenPgp::seal(const SealRequest& request) {
  const ServerSignature signature = TRY(impl_->sign(request.text, request.now));
  EncryptRequest encrypt;
  encrypt.certificate = request.recipient.packets();
  encrypt.encryption_key = request.encryption_key;
  encrypt.packets = TRY(packets_to_seal(request, signature, *impl_->certificate()));
  encrypt.now = request.now;
  return sealed_message(request,
                        [&]() -> Result<Bytes> { return TRY(take_reply<EncryptReply>(impl_->ask(encrypt))).packets; });
}

Result<std::string> GpgmeOpenPgp::sign(std::string_view text, Instant now) {
  const ServerSignature signature = TRY(impl_->sign(text, now));
  return gate::enarmor("PGP SIGNATURE", signature.packet);
}

Status GpgmeOpenPgp::look() {
  return impl_->look();
}

Result<SignatureFacts> GpgmeOpenPgp::verify(const gate::GatedCertificate& certificate, ByteView message,
                                            const gate::GatedSignature& signature, Instant now) {
  VerifyRequest request;
  request.certificate = certificate.packets();
  request.message = copy_of(message);
  request.signature = signature.packets();
  request.signature_time = signature.created_at();
  request.now = now;
  VerifyReply reply = TRY(take_reply<VerifyReply>(impl_->ask(request)));
  // The worker was given this one certificate, so whatever verified, verified under it.
  if (reply.facts.valid) reply.facts.primary = certificate.fingerprint();
  return reply.facts;
}

Result<GeneratedKey> GpgmeOpenPgp::generate(const KeyRequest& request) {
  GenerateRequest asked{request.kind, std::string(request.user_id), request.now, {}};
  if (request.passphrase != nullptr) {
    TRY(check_passphrase(*request.passphrase));
    asked.passphrase = *request.passphrase;
  }
  GenerateReply reply = TRY(take_reply<GenerateReply>(impl_->pool().ask(asked, kGenerateLimit)));
  return std::move(reply.key);
}

const gate::GatedCertificate* GpgmeOpenPgp::server_certificate() const {
  return impl_->certificate();
}

std::vector<int> GpgmeOpenPgp::worker_pids() const {
  return impl_->pool().pids();
}

const std::filesystem::path& GpgmeOpenPgp::run_folder() const {
  return impl_->pool().folder();
}

}  // namespace countersign::auth::openpgp::gnupg
