#include "auth/openpgp/gnupg/gpgme_handles.hpp"

#include <fmt/format.h>

#include <array>
#include <clocale>
#include <cstdio>
#include <mutex>

namespace countersign::auth::openpgp::gnupg {
namespace {

constexpr std::string_view kAskAdvice =
    "GnuPG could not ask for the passphrase or PIN: in a terminal run `export GPG_TTY=$(tty)` first, and see that a "
    "pinentry program is installed";

// What went wrong, in the words of someone who can do something about it.
std::string advice_on(gpgme_error_t error) {
  switch (gpgme_err_code(error)) {
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
      return "cancelled at the passphrase prompt; if there was none, run `export GPG_TTY=$(tty)` first";
    case GPG_ERR_BAD_PASSPHRASE:
      return "the passphrase was wrong, or no pinentry program could ask for it";
    case GPG_ERR_BAD_PIN:
      return "the PIN was wrong; a token blocks itself after a few of these, see `gpg --card-status`";
    case GPG_ERR_PIN_BLOCKED:
      return "the token's PIN is blocked after too many wrong ones; unblock it with `gpg --card-edit`, admin, passwd";
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
      return "the secret key cannot sign: it has expired, is revoked, or is not here";
    case GPG_ERR_NO_SECKEY:
      return "the secret key is not in this GnuPG home; a token is made known to it by `gpg --card-status`";
    case GPG_ERR_CARD_NOT_PRESENT:
    case GPG_ERR_CARD_REMOVED:
    case GPG_ERR_ENODEV:
      return "the key is on a smart card or token that is not there; plug it in and try `gpg --card-status`";
    case GPG_ERR_NO_SCDAEMON:
      return "the key is on a smart card or token, and scdaemon, which speaks to them, is not installed";
    default:
      return {};
  }
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

}  // namespace

std::string words_on(std::string_view what, gpgme_error_t error) {
  std::array<char, 256> text{};
  gpgme_strerror_r(error, text.data(), text.size());
  std::string words = fmt::format("{}: {}", what, text.data());
  const std::string advice = advice_on(error);
  if (!advice.empty()) words += "\n  " + advice;
  return words;
}

Result<Context> open_context(const std::string& home, ErrorCode code) {
  if (!library_is_ready()) return fail(code, "GPGME 1.18 or later is needed");
  gpgme_ctx_t raw = nullptr;
  gpgme_error_t error = gpgme_new(&raw);
  if (error != 0) return fail(code, words_on("GPGME does not start", error));
  Context context(raw);
  error = gpgme_set_protocol(raw, GPGME_PROTOCOL_OpenPGP);
  if (error == 0 && !home.empty()) {
    error = gpgme_ctx_set_engine_info(raw, GPGME_PROTOCOL_OpenPGP, nullptr, home.c_str());
  }
  if (error != 0) return fail(code, words_on("GnuPG cannot be used", error));
  gpgme_set_offline(raw, 1);  // nothing is ever fetched
  return context;
}

Result<Data> data_of(ByteView bytes, ErrorCode code) {
  gpgme_data_t raw = nullptr;
  const gpgme_error_t error =
      gpgme_data_new_from_mem(&raw, reinterpret_cast<const char*>(bytes.data()), bytes.size(), 0);
  if (error != 0) return fail(code, words_on("out of memory", error));
  return Data(raw);
}

Result<Data> empty_data(ErrorCode code) {
  gpgme_data_t raw = nullptr;
  const gpgme_error_t error = gpgme_data_new(&raw);
  if (error != 0) return fail(code, words_on("out of memory", error));
  Data data(raw);
  gpgme_data_set_flag(raw, "sensitive", "1");
  return data;
}

Result<Secret> bytes_of(gpgme_data_t data, std::size_t bytes_max, ErrorCode code) {
  const gpgme_off_t size = gpgme_data_seek(data, 0, SEEK_END);
  if (size < 0 || gpgme_data_seek(data, 0, SEEK_SET) != 0) return fail(code, "no output");
  if (static_cast<std::size_t>(size) > bytes_max) {
    return fail(ErrorCode::message_too_large, fmt::format("what came out has more than {} KiB", bytes_max >> 10));
  }
  Secret out(static_cast<std::size_t>(size));
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = gpgme_data_read(data, out.writable().data() + done, out.size() - done);
    if (got <= 0) return fail(code, "the output was cut off");
    done += static_cast<std::size_t>(got);
  }
  return out;
}

}  // namespace countersign::auth::openpgp::gnupg
