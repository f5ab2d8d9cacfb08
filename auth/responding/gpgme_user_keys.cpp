#include "auth/responding/gpgme_user_keys.hpp"

#include <fmt/format.h>
#include <gpgme.h>

#include <array>
#include <clocale>
#include <filesystem>
#include <mutex>

#include "storage/base/text.hpp"

namespace countersign::auth::responding {
namespace {

constexpr std::size_t kMessageBytesMax = 64u << 10;

template <auto Release>
struct Releaser {
  template <class Pointed>
  void operator()(Pointed* handle) const {
    Release(handle);
  }
};
using Context = std::unique_ptr<gpgme_context, Releaser<&gpgme_release>>;
using Data = std::unique_ptr<gpgme_data, Releaser<&gpgme_data_release>>;
using Key = std::unique_ptr<std::remove_pointer_t<gpgme_key_t>, Releaser<&gpgme_key_unref>>;

constexpr std::string_view kAskAdvice =
    "GnuPG could not ask for the passphrase: in a terminal run `export GPG_TTY=$(tty)` first, and see that a pinentry "
    "program is installed";

// What went wrong, in the words of someone who can do something about it.
std::string advice_on(gpgme_error_t error) {
  switch (gpgme_err_code(error)) {
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
      return "cancelled at the passphrase prompt; if there was none, run `export GPG_TTY=$(tty)` first";
    case GPG_ERR_BAD_PASSPHRASE:
      return "the passphrase was wrong, or no pinentry program could ask for it";
    case GPG_ERR_NO_PIN_ENTRY:
    case GPG_ERR_PIN_ENTRY:
    case GPG_ERR_ENOTTY:
    case GPG_ERR_TIMEOUT:
      return std::string(kAskAdvice);
    case GPG_ERR_NO_AGENT:
    case GPG_ERR_AGENT:
      return "no gpg-agent could be started; try `gpgconf --launch gpg-agent`";
    case GPG_ERR_INV_ENGINE:
      return "GnuPG (`gpg`) is not installed, or too old";
    case GPG_ERR_UNUSABLE_SECKEY:
      return "the secret key cannot sign; has it expired?";
    case GPG_ERR_CARD_NOT_PRESENT:
      return "the key is on a smart card that is not there";
    default:
      return {};
  }
}

tl::unexpected<Error> failure(std::string_view what, gpgme_error_t error) {
  std::array<char, 256> text{};
  gpgme_strerror_r(error, text.data(), text.size());
  std::string detail = fmt::format("{}: {}", what, text.data());
  const std::string advice = advice_on(error);
  if (!advice.empty()) detail += "\n  " + advice;
  return fail(ErrorCode::gnupg_failed, std::move(detail));
}

// Once, and before any thread uses GPGME (its manual, "Library Version Check").
bool library_is_ready() {
  static std::once_flag once;
  static bool ready = false;
  std::call_once(once, [] {
    ready = gpgme_check_version("1.18.0") != nullptr;
    // So that a pinentry speaks the user's language and takes their characters.
    if (ready) gpgme_set_locale(nullptr, LC_CTYPE, std::setlocale(LC_CTYPE, nullptr));
  });
  return ready;
}

Result<Data> data_of(ByteView bytes) {
  gpgme_data_t raw = nullptr;
  const gpgme_error_t error =
      gpgme_data_new_from_mem(&raw, reinterpret_cast<const char*>(bytes.data()), bytes.size(), 0);
  if (error != 0) return failure("out of memory", error);
  return Data(raw);
}

Result<Data> empty_data() {
  gpgme_data_t raw = nullptr;
  const gpgme_error_t error = gpgme_data_new(&raw);
  if (error != 0) return failure("out of memory", error);
  return Data(raw);
}

Result<Secret> bytes_of(gpgme_data_t data) {
  const gpgme_off_t size = gpgme_data_seek(data, 0, SEEK_END);
  if (size < 0 || gpgme_data_seek(data, 0, SEEK_SET) != 0) return fail(ErrorCode::gnupg_failed, "no output");
  if (static_cast<std::size_t>(size) > kMessageBytesMax) {
    return fail(ErrorCode::message_too_large, "what was inside has more than 64 KiB");
  }
  Secret out(static_cast<std::size_t>(size));
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = gpgme_data_read(data, out.writable().data() + done, out.size() - done);
    if (got <= 0) return fail(ErrorCode::gnupg_failed, "the output was cut off");
    done += static_cast<std::size_t>(got);
  }
  return out;
}

// Everything GPGME says about one decryption, not its return value alone: S58.
Status judge_decryption(gpgme_ctx_t context, gpgme_error_t error) {
  const gpgme_error_t code = gpgme_err_code(error);
  if (code == GPG_ERR_NO_SECKEY) {
    return fail(ErrorCode::not_found, "the message is encrypted to none of your keys; is GNUPGHOME the right one?");
  }
  if (code == GPG_ERR_NO_DATA) return fail(ErrorCode::malformed_message, "this is no encrypted OpenPGP message");
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

}  // namespace

class GpgmeUserKeys::Impl {
 public:
  explicit Impl(std::string home) : home_(std::move(home)) {}

  // One a call: a context that failed once is not used again.
  Result<Context> context() const {
    if (!library_is_ready()) return fail(ErrorCode::gnupg_failed, "GPGME 1.18 or later is needed");
    gpgme_ctx_t raw = nullptr;
    gpgme_error_t error = gpgme_new(&raw);
    if (error != 0) return failure("GPGME does not start", error);
    Context context(raw);
    error = gpgme_set_protocol(raw, GPGME_PROTOCOL_OpenPGP);
    if (error == 0 && !home_.empty()) {
      error = gpgme_ctx_set_engine_info(raw, GPGME_PROTOCOL_OpenPGP, nullptr, home_.c_str());
    }
    if (error != 0) return failure("GnuPG cannot be used", error);
    gpgme_set_armor(raw, 1);
    gpgme_set_offline(raw, 1);  // nothing is ever fetched
    return context;
  }

 private:
  std::string home_;
};

GpgmeUserKeys::GpgmeUserKeys(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GpgmeUserKeys::~GpgmeUserKeys() = default;

Result<std::unique_ptr<GpgmeUserKeys>> GpgmeUserKeys::open_home(const std::string& home) {
  // Without this gpg would make one, and then find no key in it.
  std::error_code ignored;
  if (!home.empty() && !std::filesystem::is_directory(home, ignored)) {
    return fail(ErrorCode::gnupg_failed, home + " is not there; does GNUPGHOME name the right folder?");
  }
  auto impl = std::make_unique<Impl>(home);
  TRY(impl->context());
  const gpgme_error_t error = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
  if (error != 0) return failure("GnuPG cannot be used", error);
  return std::unique_ptr<GpgmeUserKeys>(new GpgmeUserKeys(std::move(impl)));
}

Result<Secret> GpgmeUserKeys::open(std::string_view message) {
  if (message.size() > kMessageBytesMax) return fail(ErrorCode::message_too_large, "a message has at most 64 KiB");
  const Context context = TRY(impl_->context());
  const Data cipher = TRY(data_of(as_bytes(message)));
  const Data plain = TRY(empty_data());
  gpgme_data_set_flag(plain.get(), "sensitive", "1");  // wiped when freed: a grant holds a token
  // The signature inside stays in its packets: it is checked against the known server's certificate, not against the
  // user's keyring, which is not touched.
  const gpgme_error_t error = gpgme_op_decrypt_ext(context.get(), GPGME_DECRYPT_UNWRAP, cipher.get(), plain.get());
  TRY(judge_decryption(context.get(), error));
  return bytes_of(plain.get());
}

Result<std::string> GpgmeUserKeys::clear_sign(std::string_view text, const openpgp::Fingerprint& key) {
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
  const Data plain = TRY(data_of(as_bytes(text)));
  const Data signed_text = TRY(empty_data());
  error = gpgme_op_sign(context.get(), plain.get(), signed_text.get(), GPGME_SIG_MODE_CLEAR);
  if (error != 0) return failure("the statement could not be signed", error);
  const gpgme_sign_result_t result = gpgme_op_sign_result(context.get());
  const bool once = result != nullptr && result->invalid_signers == nullptr && result->signatures != nullptr &&
                    result->signatures->next == nullptr;
  if (!once) return fail(ErrorCode::gnupg_failed, "GnuPG did not make exactly one signature");
  const Secret out = TRY(bytes_of(signed_text.get()));
  return std::string(out.reveal_text());
}

Result<std::string> GpgmeUserKeys::certificate(const openpgp::Fingerprint& key) {
  const Context context = TRY(impl_->context());
  const Data exported = TRY(empty_data());
  const std::string fingerprint = key.upper();
  const gpgme_error_t error =
      gpgme_op_export(context.get(), fingerprint.c_str(), GPGME_EXPORT_MODE_MINIMAL, exported.get());
  if (error != 0) return failure("the certificate could not be exported", error);
  const Secret out = TRY(bytes_of(exported.get()));
  if (out.empty()) return fail(ErrorCode::not_found, fmt::format("you have no certificate {}", fingerprint));
  return std::string(out.reveal_text());
}

}  // namespace countersign::auth::responding
