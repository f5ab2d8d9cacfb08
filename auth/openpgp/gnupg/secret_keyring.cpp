#include "auth/openpgp/gnupg/secret_keyring.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "auth/base/clock.hpp"
#include "auth/openpgp/gnupg/gpgme_handles.hpp"
#include "auth/openpgp/gnupg/tokens.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

constexpr ErrorCode kSigningUnavailable = ErrorCode::openpgp_unavailable;
constexpr std::size_t kSigningOutputBytesMax = 256u << 10;
// A self-signature that is in the future is not taken, but one that has expired since is.
const Instant kLate = parse_time("2100-01-01T00:00:00Z").value();

tl::unexpected<Error> signing_failure(std::string_view what, gpgme_error_t error) {
  return fail(kSigningUnavailable, words_on(what, error));
}

Bytes copy_of(const Secret& secret) {
  return Bytes(secret.reveal().begin(), secret.reveal().end());
}

// To try once more after one of the first would take a token nearer to blocking itself, or ask somebody who said no.
ErrorCode code_of(gpgme_error_t error) {
  switch (gpgme_err_code(error)) {
    case GPG_ERR_BAD_PIN:
    case GPG_ERR_PIN_BLOCKED:
    case GPG_ERR_BAD_PASSPHRASE:
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED:
      return ErrorCode::key_locked;
    default:
      return kSigningUnavailable;
  }
}

// One signature, by the context's signer.
Result<SignReply> sign_with(gpgme_ctx_t context, const Bytes& text) {
  const Data plain = TRY(data_of(text, kSigningUnavailable));
  const Data made = TRY(empty_data(kSigningUnavailable));
  const gpgme_error_t error = gpgme_op_sign(context, plain.get(), made.get(), GPGME_SIG_MODE_DETACH);
  if (error != 0) return fail(code_of(error), words_on("the server's key does not sign", error));
  const gpgme_sign_result_t result = gpgme_op_sign_result(context);
  const bool once = result != nullptr && result->invalid_signers == nullptr && result->signatures != nullptr &&
                    result->signatures->next == nullptr && result->signatures->fpr != nullptr;
  if (!once) return fail(kSigningUnavailable, "gpg did not make exactly one signature");
  SignReply reply;
  const auto key = Fingerprint::parse(result->signatures->fpr);
  if (!key) return fail(kSigningUnavailable, "gpg does not say which key signed");
  reply.signing_key = *key;
  reply.signature = copy_of(TRY(bytes_of(made.get(), kSigningOutputBytesMax, kSigningUnavailable)));
  return reply;
}

Result<Secret> export_key(gpgme_ctx_t context, const std::string& fingerprint, gpgme_export_mode_t mode) {
  const Data out = TRY(empty_data(kSigningUnavailable));
  const gpgme_error_t error = gpgme_op_export(context, fingerprint.c_str(), mode, out.get());
  if (error != 0) return signing_failure("the server's key cannot be exported", error);
  Secret packets = TRY(bytes_of(out.get(), kSigningOutputBytesMax, kSigningUnavailable));
  if (packets.empty()) return fail(kSigningUnavailable, "gpg exported nothing");
  return packets;
}

gpgme_error_t note_clear_key(void* found, const char* status, const char* arguments) {
  // S KEYINFO <keygrip> <type> <serialno> <idstr> <cached> <protection> ...: D is on disk, C not protected.
  std::string_view rest(arguments);
  std::string_view fields[6];
  for (std::string_view& field : fields) {
    field = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), field.size() + 1));
  }
  if (std::string_view(status) == "KEYINFO" && fields[1] == "D" && fields[5] == "C") *static_cast<bool*>(found) = true;
  return 0;
}

// Does the agent hold a key that it can use without asking anybody?
Result<bool> agent_has_clear_key(const std::string& home) {
  gpgme_ctx_t raw = nullptr;
  gpgme_error_t error = gpgme_new(&raw);
  const Context context(raw);
  const std::string socket = home + "/S.gpg-agent";
  if (error == 0) error = gpgme_set_protocol(raw, GPGME_PROTOCOL_ASSUAN);
  if (error == 0) error = gpgme_ctx_set_engine_info(raw, GPGME_PROTOCOL_ASSUAN, socket.c_str(), "");
  bool found = false;
  gpgme_error_t answer = 0;
  if (error == 0) {
    error = gpgme_op_assuan_transact_ext(raw, "KEYINFO --list", nullptr, nullptr, nullptr, nullptr, &note_clear_key,
                                         &found, &answer);
  }
  if (error != 0) return signing_failure("gpg-agent does not answer", error);
  if (answer != 0 && gpgme_err_code(answer) != GPG_ERR_NOT_FOUND)
    return signing_failure("gpg-agent lists no keys", answer);
  return found;
}

class TakenKey final : public SecretKeyring {
 public:
  TakenKey(PrivateHome home, Bytes certificate) : home_(std::move(home)), certificate_(std::move(certificate)) {}

  const Bytes& certificate() const override { return certificate_; }

  // The home holds nothing else, so gpg takes this key, and of it the newest subkey that signs.
  Result<SignReply> sign(const SignRequest& request) override {
    TRY(home_.set(request.now, HashRule::strict));
    auto made = sign_with(TRY(open_context(home_.path(), kSigningUnavailable)).get(), request.text);
    // Without its agent gpg says no more than that the key cannot be used.
    if (made || home_.has_agent()) return made;
    TRY(home_.start_agent());
    return sign_with(TRY(open_context(home_.path(), kSigningUnavailable)).get(), request.text);
  }

  Status look() override { return ok(); }

 private:
  PrivateHome home_;
  Bytes certificate_;
};

class OperatorsKey final : public SecretKeyring {
 public:
  OperatorsKey(std::string home, Fingerprint key, Bytes certificate)
      : home_(std::move(home)), key_(key), certificate_(std::move(certificate)) {}

  const Bytes& certificate() const override { return certificate_; }

  // Found anew each time: it may have been put in or taken out since.
  Result<SignReply> sign(const SignRequest& request) override {
    const Context context = TRY(open_context(home_, kSigningUnavailable));
    const Key key = TRY(find(context.get(), key_, true));
    // Of a missing PKCS#11 token somebody would be asked for the PIN, again and again.
    if (!card_by_scdaemon_) TRY(check_token(*key));
    if (const gpgme_error_t error = gpgme_signers_add(context.get(), key.get()); error != 0) {
      return signing_failure("the server's key cannot sign", error);
    }
    return sign_with(context.get(), request.text);
  }

  Status look() override {
    const Context context = TRY(open_context(home_, kSigningUnavailable));
    const Key key = TRY(find(context.get(), key_, true));
    return check_token(*key);
  }

  static Result<Key> find(gpgme_ctx_t context, const Fingerprint& fingerprint, bool secret) {
    gpgme_key_t raw = nullptr;
    const std::string wanted = fingerprint.upper();
    gpgme_error_t error = gpgme_get_key(context, wanted.c_str(), &raw, secret ? 1 : 0);
    Key key(raw);
    if (gpgme_err_code(error) == GPG_ERR_EOF) error = gpgme_error(secret ? GPG_ERR_NO_SECKEY : GPG_ERR_NO_PUBKEY);
    if (error != 0) return signing_failure("the server's key " + wanted, error);
    // gpg also finds a certificate by one of its subkeys.
    if (raw->subkeys == nullptr || raw->subkeys->fpr != wanted) {
      return fail(kSigningUnavailable, wanted + " is not the primary fingerprint of a key in the GnuPG home");
    }
    return key;
  }

 private:
  // One of the keys that could sign is on disk, or in a token that is there.
  Status check_token(const _gpgme_key& key) {
    const _gpgme_subkey* missing = nullptr;
    std::optional<TokensAtHand> tokens;
    for (const auto* subkey = key.subkeys; subkey != nullptr; subkey = subkey->next) {
      if (subkey->can_sign == 0 || subkey->secret == 0 || subkey->revoked != 0 || subkey->expired != 0) continue;
      if (subkey->is_cardkey == 0 || subkey->keygrip == nullptr) return ok();
      if (!tokens) tokens = TRY(find_tokens(home_, kSigningUnavailable));
      if (!tokens->keygrips.empty()) card_by_scdaemon_ = !tokens->by_pkcs11;
      if (tokens->keygrips.contains(subkey->keygrip)) return ok();
      missing = subkey;
    }
    if (missing == nullptr) return ok();  // then gpg says why it does not sign
    return fail(kSigningUnavailable,
                "the server's key: " + words_on_missing_token(*tokens, missing->fpr, missing->card_number));
  }

  std::string home_;
  Fingerprint key_;
  Bytes certificate_;
  bool card_by_scdaemon_ = false;  // GnuPG's own daemon, which says at once that a card is not there
};

// gpg's names of what a kind is made of.
struct Recipe {
  const char* primary;
  const char* subkey;
};

Recipe recipe_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::ed25519_cv25519:
      return {"ed25519", "cv25519"};
    case KeyKind::rsa2048:
      return {"rsa2048", "rsa2048"};
    case KeyKind::rsa3072:
      return {"rsa3072", "rsa3072"};
    case KeyKind::rsa4096:
      return {"rsa4096", "rsa4096"};
    case KeyKind::nistp256:
      return {"nistp256", "nistp256"};
    case KeyKind::nistp384:
      return {"nistp384", "nistp384"};
    case KeyKind::nistp521:
      return {"nistp521", "nistp521"};
  }
  return {"", ""};
}

// gpg stops its clock at every second but the present one, in which it lets it run. A subkey bound a moment later would
// be from the future for whoever asked for `now`.
void wait_out(Instant now) {
  while (unix_seconds(SystemClock().now()) == unix_seconds(now))
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

// gpg asks once for each new key and once when a key is exported.
gpgme_error_t answer_passphrase(void* passphrase, const char*, const char*, int was_wrong, int descriptor) {
  if (was_wrong != 0) return gpgme_error(GPG_ERR_BAD_PASSPHRASE);
  const Secret& secret = *static_cast<const Secret*>(passphrase);
  const auto write = [descriptor](std::string_view text) {
    return gpgme_io_writen(descriptor, text.data(), text.size()) == 0;
  };
  return write(secret.reveal_text()) && write("\n") ? 0 : gpgme_error_from_errno(errno);
}

// Whether a passphrase protects what is made; `passphrase` outlives the context.
Result<unsigned> set_passphrase(gpgme_ctx_t context, Secret& passphrase) {
  if (passphrase.empty()) return GPGME_CREATE_NOPASSWD;
  const gpgme_error_t error = gpgme_set_pinentry_mode(context, GPGME_PINENTRY_MODE_LOOPBACK);
  if (error != 0) return signing_failure("gpg takes no passphrase", error);
  gpgme_set_passphrase_cb(context, &answer_passphrase, &passphrase);
  return 0u;
}

}  // namespace

Result<std::unique_ptr<SecretKeyring>> take_key(PrivateHome home, const Secret& secret_key) {
  TRY(home.set(kLate, HashRule::strict));
  TRY(home.start_agent());
  const Context context = TRY(open_context(home.path(), kSigningUnavailable));
  const Data packets = TRY(data_of(secret_key.reveal(), kSigningUnavailable));
  const gpgme_error_t error = gpgme_op_import(context.get(), packets.get());
  if (error != 0) return signing_failure("gpg does not take the server's key", error);
  const gpgme_import_result_t result = gpgme_op_import_result(context.get());
  if (result == nullptr || result->considered != 1 || result->secret_read != 1 || result->imports == nullptr ||
      result->imports->fpr == nullptr) {
    return fail(ErrorCode::certificate_refused, "gpg does not take the server's key: one secret key is wanted");
  }
  const std::string fingerprint = result->imports->fpr;
  if (!TRY(agent_has_clear_key(home.path()))) {
    return fail(ErrorCode::certificate_refused, "the server's key is protected by a passphrase or not here");
  }
  Bytes certificate = copy_of(TRY(export_key(context.get(), fingerprint, 0)));
  return std::unique_ptr<SecretKeyring>(std::make_unique<TakenKey>(std::move(home), std::move(certificate)));
}

Result<std::unique_ptr<SecretKeyring>> use_key(const std::string& operators_home, const Fingerprint& key) {
  // Without this gpg would make one, and then find no key in it.
  std::error_code error;
  if (!operators_home.empty() && !std::filesystem::is_directory(operators_home, error)) {
    return fail(kSigningUnavailable, "the GnuPG home of the server's key is not there: " + operators_home);
  }
  const Context context = TRY(open_context(operators_home, kSigningUnavailable));
  TRY(OperatorsKey::find(context.get(), key, false));
  Bytes certificate = copy_of(TRY(export_key(context.get(), key.upper(), GPGME_EXPORT_MODE_MINIMAL)));
  return std::unique_ptr<SecretKeyring>(std::make_unique<OperatorsKey>(operators_home, key, std::move(certificate)));
}

Result<GenerateReply> generate_key(PrivateHome home, const GenerateRequest& request) {
  wait_out(request.now);
  Secret passphrase = request.passphrase;
  const Recipe recipe = recipe_of(request.kind);
  TRY(home.set(request.now, HashRule::strict));
  TRY(home.start_agent());
  const Context context = TRY(open_context(home.path(), kSigningUnavailable));
  const unsigned flags = TRY(set_passphrase(context.get(), passphrase)) | GPGME_CREATE_NOEXPIRE;
  gpgme_error_t error = gpgme_op_createkey(context.get(), request.user_id.c_str(), recipe.primary, 0, 0, nullptr,
                                           GPGME_CREATE_CERT | GPGME_CREATE_SIGN | flags);
  if (error != 0) return signing_failure("gpg makes no key", error);
  const gpgme_genkey_result_t result = gpgme_op_genkey_result(context.get());
  if (result == nullptr || result->fpr == nullptr)
    return fail(kSigningUnavailable, "gpg does not say which key it made");
  const std::string fingerprint = result->fpr;
  gpgme_key_t raw = nullptr;
  error = gpgme_get_key(context.get(), fingerprint.c_str(), &raw, 1);
  const Key primary(raw);
  if (error != 0) return signing_failure("gpg does not find the key it made", error);
  error = gpgme_op_createsubkey(context.get(), raw, recipe.subkey, 0, 0, GPGME_CREATE_ENCR | flags);
  if (error != 0) return signing_failure("gpg makes no subkey", error);

  GenerateReply reply;
  const auto parsed = Fingerprint::parse(fingerprint);
  if (!parsed) return fail(kSigningUnavailable, "gpg does not say which key it made");
  reply.key.fingerprint = *parsed;
  reply.key.secret_key = TRY(export_key(context.get(), fingerprint, GPGME_EXPORT_MODE_SECRET));
  reply.key.certificate = copy_of(TRY(export_key(context.get(), fingerprint, 0)));
  return reply;
}

}  // namespace countersign::auth::openpgp::gnupg
