#include "auth/openpgp/rnp/key_file.hpp"

#include <limits>

#include "auth/openpgp/acceptance.hpp"
#include "auth/openpgp/gate/armor.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/openpgp/rnp/generate.hpp"
#include "auth/openpgp/rnp/handles.hpp"
#include "auth/openpgp/rnp/key_facts.hpp"
#include "auth/openpgp/rnp/rnp_openpgp.hpp"
#include "auth/openpgp/rnp/silence.hpp"
#include "auth/secrets/private_file.hpp"
#include "auth/secrets/server_key_file.hpp"

namespace countersign::auth::openpgp::rnp {
namespace {

constexpr std::uint32_t kAllKeys = RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS;

// A key says how long it lives from its creation (RFC 4880 §5.2.3.6), in 32 bits; zero is for ever.
Result<std::uint32_t> lifetime_of(const KeyFacts& key, const std::optional<Instant>& expires_at) {
  if (!expires_at) return 0;
  const std::int64_t seconds = unix_seconds(*expires_at) - unix_seconds(key.created_at);
  if (seconds < 1 || seconds > std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::key_policy, "a key made on " + format_time(key.created_at) + " cannot end on " +
                                           format_time(*expires_at) + ": later than its making, within 136 years");
  }
  return static_cast<std::uint32_t>(seconds);
}

Status extend_key(rnp_ffi_t ffi, const KeyFacts& key, const std::optional<Instant>& expires_at) {
  const std::uint32_t lifetime = TRY(lifetime_of(key, expires_at));
  const rnp::Key handle = TRY(find_key(ffi, key.fingerprint));
  return check(rnp_key_set_expiration(handle.get(), lifetime), "rnp_key_set_expiration");
}

// A key that does not work must not become the server's.
Status try_out(const GeneratedKey& key, const gate::GatedCertificate& certificate, Instant now) {
  const auto engine = TRY(RnpOpenPgp::open(key.secret_key));
  const std::string text = "a key tried out\n";
  const auto signature = TRY(gate::admit_signature(TRY(engine->sign(text, now))));
  TRY(accept_signature(*engine, certificate, text, signature, SignatureForm::detached, {now, now}, now));
  return ok();
}

}  // namespace

std::string RnpKeyFile::place() const {
  return trouble_.empty() ? file_.string() : file_.string() + " (" + trouble_ + ")";
}

Result<gate::GatedCertificate> RnpKeyFile::refresh() {
  return fail(ErrorCode::usage,
              "the server's key lies in a file, and nobody changes it there but `countersign server-key extend`: "
              "refreshing is for a key in a GnuPG home or in a token");
}

Result<std::string> RnpKeyFile::replace(std::string_view user_id, Instant now,
                                        const std::function<Status(const gate::GatedCertificate&)>& commit) {
  const secrets::FileLock lock = TRY(secrets::FileLock::acquire(secrets::server_key_file(folder_).string() + ".lock"));
  const GeneratedKey key = TRY([&] {
    const Silence silence;
    return generate({KeyKind::ed25519_cv25519, user_id, now});
  }());
  const auto certificate = TRY(gate::admit_certificate(key.certificate, gate::kCertificateKeptBytesMax));
  TRY(try_out(key, certificate, now));
  std::string armored = gate::enarmor("PGP PRIVATE KEY BLOCK", key.secret_key.reveal());
  TRY(secrets::write_server_key(folder_, key.fingerprint, Secret::take(armored)));
  TRY(commit(certificate));
  file_ = secrets::server_key_file(folder_);
  secret_key_ = key.secret_key;
  trouble_.clear();
  const Status settled = secrets::settle_server_key(folder_, key.fingerprint);
  return settled ? std::string() : settled.error().detail;
}

Result<gate::GatedCertificate> RnpKeyFile::extend(const gate::GatedCertificate& certificate,
                                                  const std::optional<Instant>& expires_at, Instant now) {
  if (!trouble_.empty()) return fail(ErrorCode::openpgp_unavailable, place());
  const Silence silence;
  const Secret secret_key = TRY(with_certificate(secret_key_.reveal(), certificate));
  const Ffi ffi = TRY(make_ffi(Reading::strict, now));
  TRY(load_keys(ffi.get(), secret_key.reveal(), kAllKeys));
  const CertificateFacts facts = TRY(read_keyring(ffi.get(), certificate.fingerprint())).certificate;
  if (facts.primary.revoked) return fail(ErrorCode::key_revoked, "the key is revoked");
  TRY(extend_key(ffi.get(), facts.primary, expires_at));
  for (const KeyFacts& subkey : facts.subkeys) {
    if (subkey.bound && !subkey.revoked) TRY(extend_key(ffi.get(), subkey, expires_at));
  }
  const rnp::Key primary = TRY(find_key(ffi.get(), certificate.fingerprint()));
  const Output output = TRY(memory_output());
  TRY(check(rnp_key_export(primary.get(), output.get(), RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS),
            "rnp_key_export"));
  const Bytes packets = TRY(rnp::bytes_of(output));
  return gate::admit_certificate(packets, gate::kCertificateKeptBytesMax);
}

}  // namespace countersign::auth::openpgp::rnp
