#include "auth/client/gpgme_user_keys.hpp"

#include <fmt/format.h>
#include <gpgme.h>

#include <filesystem>

#include "auth/client/gpg_conf.hpp"
#include "auth/client/unopened.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gnupg/gpgme_handles.hpp"

namespace countersign::auth::client {
namespace {

using openpgp::gnupg::Context;
using openpgp::gnupg::Data;
using openpgp::gnupg::Key;

constexpr std::size_t kMessageBytesMax = 64u << 10;

tl::unexpected<Error> failure(std::string_view what, gpgme_error_t error) {
  return fail(ErrorCode::gnupg_failed, openpgp::gnupg::words_on(what, error));
}

Result<openpgp::gnupg::Data> data_of(ByteView bytes) {
  return openpgp::gnupg::data_of(bytes, ErrorCode::gnupg_failed);
}

Result<openpgp::gnupg::Data> empty_data() {
  return openpgp::gnupg::empty_data(ErrorCode::gnupg_failed);
}

Result<Secret> bytes_of(gpgme_data_t data) {
  return openpgp::gnupg::bytes_of(data, kMessageBytesMax, ErrorCode::gnupg_failed);
}

// Everything GPGME says about one decryption, not its return value alone: S58.
Status judge_decryption(gpgme_ctx_t context, gpgme_error_t error, const DecryptionLog& log) {
  if (gpgme_err_code(error) == GPG_ERR_NO_DATA && !log.is_encrypted()) {
    return fail(ErrorCode::malformed_message, "this is no encrypted OpenPGP message");
  }
  if (error != 0) return failure("the message could not be decrypted", error);
  const gpgme_decrypt_result_t result = gpgme_op_decrypt_result(context);
  if (result == nullptr || result->symkey_algo == nullptr || result->unsupported_algorithm != nullptr) {
    return fail(ErrorCode::malformed_message, "the message was not encrypted");
  }
  // "PGPCFB" is the old mode without integrity protection, which a user's gpg.conf can still let through.
  const std::string_view algorithm(result->symkey_algo);
  const bool is_protected = algorithm.ends_with(".CFB") || algorithm.ends_with(".OCB") || algorithm.ends_with(".EAX");
  if (result->legacy_cipher_nomdc != 0 || !is_protected) {
    return fail(ErrorCode::packet_refused, "the message is not integrity protected");
  }
  return ok();
}

// With `armor` in gpg.conf the packets come out armored.
Result<Secret> without_armor(Secret packets) {
  if (!openpgp::gate::looks_armored(packets.reveal_text())) return packets;
  Bytes binary = TRY(openpgp::gate::dearmor("PGP MESSAGE", packets.reveal_text()));
  return Secret::take(binary);
}

}  // namespace

class GpgmeUserKeys::Impl {
 public:
  explicit Impl(std::string home) : home_(std::move(home)) {}

  // One a call: a context that failed once is not used again.
  Result<Context> context() const {
    Context context = TRY(openpgp::gnupg::open_context(home_, ErrorCode::gnupg_failed));
    gpgme_set_armor(context.get(), 1);
    return context;
  }

  const std::string& home() const { return home_; }

 private:
  std::string home_;
};

GpgmeUserKeys::GpgmeUserKeys(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GpgmeUserKeys::~GpgmeUserKeys() = default;

Result<std::unique_ptr<GpgmeUserKeys>> GpgmeUserKeys::open_home(const std::string& home) {
  // Without this gpg would make one, and then find no key in it.
  std::error_code ignored;
  if (!home.empty() && !std::filesystem::is_directory(home, ignored)) {
    const bool is_there = std::filesystem::exists(home, ignored);
    return fail(ErrorCode::gnupg_failed, fmt::format("{} is {}; does GNUPGHOME name the right folder?", home,
                                                     is_there ? "no folder" : "not there"));
  }
  auto impl = std::make_unique<Impl>(home);
  TRY(impl->context());
  const gpgme_error_t error = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
  if (error != 0) return failure("GnuPG cannot be used", error);
  return std::unique_ptr<GpgmeUserKeys>(new GpgmeUserKeys(std::move(impl)));
}

std::string GpgmeUserKeys::words_on_signing() const {
  return words_on_conf(impl_->home(), KeyTask::signing);
}

Result<Secret> GpgmeUserKeys::open(std::string_view message) {
  auto opened = try_open(message);
  if (opened && opened->empty())
    opened = fail(ErrorCode::gnupg_failed, "gpg opened the message and gave nothing of it");
  if (!opened) opened.error().detail += words_on_conf(impl_->home(), KeyTask::opening);
  return opened;
}

Result<std::string> GpgmeUserKeys::clear_sign(std::string_view text, const Fingerprint& key) {
  auto response = try_clear_sign(text, key);
  if (!response) response.error().detail += words_on_signing();
  return response;
}

Result<Secret> GpgmeUserKeys::try_open(std::string_view message) {
  if (message.size() > kMessageBytesMax) return fail(ErrorCode::message_too_large, "a message has at most 64 KiB");
  const Context context = TRY(impl_->context());
  const openpgp::gnupg::Data cipher = TRY(data_of(as_bytes(message)));
  const openpgp::gnupg::Data plain = TRY(empty_data());
  // The signature inside stays in its packets: it is checked against the known server's certificate, not against the
  // user's keyring, which is not touched.
  DecryptionLog log;
  log.follow(context.get());
  gpgme_error_t error = gpgme_op_decrypt_ext(context.get(), GPGME_DECRYPT_UNWRAP, cipher.get(), plain.get());
  if (error != 0 && log.key_error() != 0) error = log.key_error();
  if (gpgme_err_code(error) == GPG_ERR_NO_SECKEY) return tl::unexpected<Error>(why_unopened(impl_->home(), log));
  TRY(judge_decryption(context.get(), error, log));
  return without_armor(TRY(bytes_of(plain.get())));
}

Result<std::string> GpgmeUserKeys::try_clear_sign(std::string_view text, const Fingerprint& key) {
  const Context context = TRY(impl_->context());
  gpgme_key_t raw = nullptr;
  const std::string fingerprint = key.upper();
  const gpgme_error_t found = gpgme_get_key(context.get(), fingerprint.c_str(), &raw, 1);
  const Key owner(raw);
  if (gpgme_err_code(found) == GPG_ERR_EOF) {
    return fail(ErrorCode::not_found,
                fmt::format("you hold no secret key {}; is GNUPGHOME the right one?", fingerprint));
  }
  if (found != 0) return failure("the secret key cannot be listed", found);
  // gpg also finds a certificate by one of its subkeys, but a statement names the primary key.
  if (raw->subkeys == nullptr || raw->subkeys->fpr != fingerprint) {
    return fail(ErrorCode::not_found, fmt::format("{} is not the primary fingerprint of a key of yours", fingerprint));
  }
  if (raw->revoked != 0) return fail(ErrorCode::key_revoked, fingerprint);
  if (raw->expired != 0) return fail(ErrorCode::key_expired, fingerprint);
  gpgme_error_t error = gpgme_signers_add(context.get(), raw);
  if (error != 0) return failure("the key cannot sign", error);
  const openpgp::gnupg::Data plain = TRY(data_of(as_bytes(text)));
  const openpgp::gnupg::Data signed_text = TRY(empty_data());
  error = gpgme_op_sign(context.get(), plain.get(), signed_text.get(), GPGME_SIG_MODE_CLEAR);
  if (error != 0) {
    return fail(ErrorCode::gnupg_failed, words_on_key(impl_->home(), "the statement could not be signed", error, raw));
  }
  const gpgme_sign_result_t result = gpgme_op_sign_result(context.get());
  const bool once = result != nullptr && result->invalid_signers == nullptr && result->signatures != nullptr &&
                    result->signatures->next == nullptr;
  if (!once) return fail(ErrorCode::gnupg_failed, "GnuPG did not make exactly one signature");
  const Secret out = TRY(bytes_of(signed_text.get()));
  return std::string(out.reveal_text());
}

Result<std::string> GpgmeUserKeys::certificate(const Fingerprint& key) {
  const Context context = TRY(impl_->context());
  const openpgp::gnupg::Data exported = TRY(empty_data());
  const std::string fingerprint = key.upper();
  const gpgme_error_t error =
      gpgme_op_export(context.get(), fingerprint.c_str(), GPGME_EXPORT_MODE_MINIMAL, exported.get());
  if (error != 0) return failure("the certificate could not be exported", error);
  const Secret out = TRY(bytes_of(exported.get()));
  if (out.empty()) return fail(ErrorCode::not_found, fmt::format("you have no certificate {}", fingerprint));
  return std::string(out.reveal_text());
}

}  // namespace countersign::auth::client
