#include "auth/client/unopened.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "auth/base/clock.hpp"
#include "auth/openpgp/gnupg/agent.hpp"
#include "auth/openpgp/gnupg/gpgme_handles.hpp"
#include "auth/openpgp/gnupg/tokens.hpp"

namespace countersign::auth::client {
namespace {

using openpgp::gnupg::Context;
using openpgp::gnupg::Data;
using openpgp::gnupg::Key;
using openpgp::gnupg::TokensAtHand;
using openpgp::gnupg::words_on_missing_token;

constexpr std::string_view kHiddenRecipient = "0000000000000000";
constexpr int kRsa = 1;    // RFC 4880 §9.1
constexpr int kEcdh = 18;  // RFC 6637 §5

std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

template <class Number>
Number number_of(std::string_view word) {
  Number number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

bool is_of_the_future(const _gpgme_subkey& subkey, Instant now) {
  return subkey.timestamp > 0 && from_unix(subkey.timestamp) > now;
}

bool could_be_meant(const _gpgme_subkey& subkey, const DecryptionLog& log, Instant now) {
  // Of a key of the future gpg does not say what it can do.
  const bool encrypts =
      subkey.can_encrypt != 0 || (is_of_the_future(subkey, now) && subkey.can_sign == 0 && subkey.can_certify == 0);
  if (!encrypts || subkey.secret == 0) return false;
  const bool is_rsa = subkey.pubkey_algo == GPGME_PK_RSA || subkey.pubkey_algo == GPGME_PK_RSA_E;
  return is_rsa ? log.hidden_rsa() : log.hidden_curve();
}

// gpg says of such a key no more than that it cannot be used.
std::string words_on_the_future(const _gpgme_subkey& subkey, Instant now) {
  return fmt::format("the key {} was made on {}, and this machine's clock says {}; is the clock right?", subkey.fpr,
                     format_time(from_unix(subkey.timestamp)), format_time(now));
}

// gpg still opens what is encrypted to such a key, but nobody encrypts to it any more.
std::string words_on_expiry(const _gpgme_subkey& primary) {
  return fmt::format(
      "\n  your key {0} expired on {1}; put its end off (gpg --quick-set-expire {0} 2y, and once more with '*' behind "
      "it), and have an administrator take it anew with `countersign account add`",
      primary.fpr, format_time(from_unix(primary.expires)));
}

// Decrypts something for exactly this subkey, and asks nobody. 0 where that works, so the key is at hand.
gpgme_error_t try_key(const std::string& home, const char* fingerprint) {
  const auto context = openpgp::gnupg::open_context(home, ErrorCode::gnupg_failed);
  const auto plain = openpgp::gnupg::data_of(as_bytes("countersign"), ErrorCode::gnupg_failed);
  const auto cipher = openpgp::gnupg::empty_data(ErrorCode::gnupg_failed);
  const auto out = openpgp::gnupg::empty_data(ErrorCode::gnupg_failed);
  if (!context || !plain || !cipher || !out) return gpgme_error(GPG_ERR_ENOMEM);
  const std::string recipient = std::string(fingerprint) + "!\n";
  const auto flags = static_cast<gpgme_encrypt_flags_t>(GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_ENCRYPT_TO);
  gpgme_error_t error =
      gpgme_op_encrypt_ext(context->get(), nullptr, recipient.c_str(), flags, plain->get(), cipher->get());
  // One that cannot be encrypted to, since it has expired, is not meant either.
  if (error != 0) return 0;
  gpgme_data_seek(cipher->get(), 0, SEEK_SET);
  DecryptionLog log;
  log.follow(context->get());
  gpgme_set_pinentry_mode(context->get(), GPGME_PINENTRY_MODE_ERROR);
  error = gpgme_op_decrypt(context->get(), cipher->get(), out->get());
  return error != 0 && log.key_error() != 0 ? log.key_error() : error;
}

std::string words_on_trial(const char* fingerprint, gpgme_error_t error, bool asked) {
  if (gpgme_err_code(error) == GPG_ERR_NO_PIN_ENTRY || gpgme_err_code(error) == GPG_ERR_CANCELED) {
    // Where no prompt came up, none was cancelled.
    if (!asked) {
      return openpgp::gnupg::words_on(fmt::format("the key {} is locked", fingerprint),
                                      gpgme_error(GPG_ERR_NO_PIN_ENTRY));
    }
    return fmt::format("the key {} was not unlocked: the prompt was cancelled, or the passphrase or PIN was wrong",
                       fingerprint);
  }
  return openpgp::gnupg::words_on(fmt::format("the key {} cannot be used", fingerprint), error);
}

// What keeps this subkey from being used; nothing where it can be.
std::optional<std::string> obstacle_at(const std::string& home, const _gpgme_subkey& subkey,
                                       const std::optional<openpgp::gnupg::TokensAtHand>& tokens, bool asked,
                                       Instant now) {
  if (is_of_the_future(subkey, now)) return words_on_the_future(subkey, now);
  const bool in_token = subkey.is_cardkey != 0;
  if (in_token && tokens && subkey.keygrip != nullptr && !tokens->keygrips.contains(subkey.keygrip)) {
    return openpgp::gnupg::words_on_missing_token(*tokens, subkey.fpr, subkey.card_number);
  }
  const gpgme_error_t error = try_key(home, subkey.fpr);
  if (error == 0) return std::nullopt;
  return words_on_trial(subkey.fpr, error, asked);
}

std::optional<openpgp::gnupg::TokensAtHand> tokens_of(const std::string& home) {
  auto found = openpgp::gnupg::find_tokens(home, ErrorCode::gnupg_failed);
  if (!found) return std::nullopt;
  return *std::move(found);
}

}  // namespace

void DecryptionLog::follow(gpgme_ctx_t context) {
  gpgme_set_ctx_flag(context, "full-status", "1");
  gpgme_set_status_cb(
      context,
      [](void* log, const char* keyword, const char* arguments) -> gpgme_error_t {
        static_cast<DecryptionLog*>(log)->take(keyword == nullptr ? "" : keyword,
                                               arguments == nullptr ? "" : arguments);
        return 0;
      },
      this);
}

void DecryptionLog::take(std::string_view keyword, std::string_view arguments) {
  if (keyword == "PINENTRY_LAUNCHED") asked_ = true;
  if (keyword == "ENC_TO") encrypted_ = true;
  if (keyword == "ENC_TO" && take_word(arguments) == kHiddenRecipient) {
    const int algorithm = number_of<int>(take_word(arguments));
    hidden_rsa_ = hidden_rsa_ || algorithm == kRsa;
    hidden_curve_ = hidden_curve_ || algorithm == kEcdh;
  }
  if (keyword == "ERROR" && take_word(arguments) == "pkdecrypt_failed") {
    key_error_ = number_of<gpgme_error_t>(take_word(arguments));
  }
}

Error why_unopened(const std::string& home, const DecryptionLog& log) {
  Error for_another{ErrorCode::not_found, "the message is encrypted to none of your keys; is GNUPGHOME the right one?"};
  const auto context = openpgp::gnupg::open_context(home, ErrorCode::gnupg_failed);
  if (!context || gpgme_op_keylist_start(context->get(), nullptr, 1) != 0) return for_another;
  const Instant now = SystemClock().now();
  std::optional<openpgp::gnupg::TokensAtHand> tokens;
  bool looked = false;
  gpgme_key_t raw = nullptr;
  while (gpgme_op_keylist_next(context->get(), &raw) == 0) {
    const Key key(raw);
    if (raw->expired != 0) for_another.detail += words_on_expiry(*raw->subkeys);
    for (auto* subkey = raw->subkeys; subkey != nullptr; subkey = subkey->next) {
      if (!could_be_meant(*subkey, log, now)) continue;
      if (subkey->is_cardkey != 0 && !looked) {
        tokens = tokens_of(home);
        looked = true;
      }
      const auto obstacle = obstacle_at(home, *subkey, tokens, log.asked(), now);
      if (obstacle) return {ErrorCode::gnupg_failed, "none of your keys opened the message\n  " + *obstacle};
    }
  }
  // Without its agent gpg has no secret key to show.
  if (const Status agent = openpgp::gnupg::check_agent(home); !agent) return agent.error();
  return for_another;
}

std::string words_on_key(const std::string& home, std::string_view what, gpgme_error_t error, gpgme_key_t key) {
  const Instant now = SystemClock().now();
  if (gpgme_err_code(error) == GPG_ERR_UNUSABLE_SECKEY && is_of_the_future(*key->subkeys, now)) {
    return fmt::format("{}\n  {}", what, words_on_the_future(*key->subkeys, now));
  }
  for (auto* subkey = key->subkeys; subkey != nullptr; subkey = subkey->next) {
    if (subkey->is_cardkey == 0 || subkey->can_sign == 0 || subkey->keygrip == nullptr) continue;
    const auto tokens = tokens_of(home);
    if (tokens && !tokens->keygrips.contains(subkey->keygrip)) {
      return fmt::format("{}\n  {}", what,
                         openpgp::gnupg::words_on_missing_token(*tokens, subkey->fpr, subkey->card_number));
    }
  }
  return openpgp::gnupg::words_on(what, error);
}

}  // namespace countersign::auth::client
