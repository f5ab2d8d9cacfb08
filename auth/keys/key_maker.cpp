#include "auth/keys/key_maker.hpp"

#include <optional>

#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/openpgp/passphrase.hpp"

namespace countersign::auth::keys {
namespace {

constexpr WorkLimits kLimits{kKeysAtOnce, kKeysWaitingMax, ErrorCode::busy, ErrorCode::openpgp_unavailable};

tl::unexpected<Error> not_as_asked(const Error& error) {
  return fail(ErrorCode::openpgp_unavailable, "the key that was made is not as it was asked for: " + error.detail);
}

}  // namespace

KeyMaker::KeyMaker(openpgp::OpenPgp& engine) : engine_(engine), work_(kLimits) {}

Status KeyMaker::check(const passwords::Password& password) {
  return openpgp::check_passphrase(password.normal());
}

Result<MadeKey> KeyMaker::make_now(const std::string& user_id, const passwords::Password& password, Instant now) {
  const auto key = TRY(engine_.generate({openpgp::KeyKind::ed25519_cv25519, user_id, now, &password.normal()}));
  if (const Status checked = openpgp::gate::check_protected(key.secret_key.reveal()); !checked) {
    return not_as_asked(checked.error());
  }
  auto checked =
      openpgp::check_enrollable(engine_, as_text(key.certificate), openpgp::gate::kCertificateReadBytesMax, now);
  if (!checked) return not_as_asked(checked.error());
  if (checked->certificate.fingerprint() != TRY(openpgp::gate::fingerprint_of_secret_key(key.secret_key.reveal()))) {
    return not_as_asked({ErrorCode::openpgp_unavailable, "its two halves do not belong together"});
  }
  std::string armored = openpgp::gate::enarmor("PGP PRIVATE KEY BLOCK", key.secret_key.reveal());
  return MadeKey{*std::move(checked), Secret::take(armored)};
}

Result<MadeKey> KeyMaker::make(const std::string& user_id, const passwords::Password& password, Instant now) {
  TRY(check(password));
  std::optional<Result<MadeKey>> made;
  TRY(work_.run([&] { made = make_now(user_id, password, now); }));
  return *std::move(made);
}

}  // namespace countersign::auth::keys
