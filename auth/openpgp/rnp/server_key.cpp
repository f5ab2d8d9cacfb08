#include "auth/openpgp/rnp/server_key.hpp"

#include <algorithm>

#include "auth/openpgp/policy.hpp"
#include "auth/openpgp/rnp/parsed_certificate.hpp"

namespace countersign::auth::openpgp::rnp {
namespace {

constexpr std::size_t kIdleSignersMax = 8;
constexpr std::uint32_t kBothHalves = RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS;

// A stub of a primary that is kept elsewhere, a smart card's and a protected key have other types of protection.
Result<bool> can_be_used(rnp_key_handle_t key) {
  bool secret = false;
  TRY(check(rnp_key_have_secret(key, &secret), "rnp_key_have_secret"));
  if (!secret) return false;
  const std::string type = TRY(text_of(&rnp_key_get_protection_type, key, "rnp_key_get_protection_type"));
  return type == "None";
}

Result<Fingerprint> find_primary(rnp_ffi_t ffi) {
  rnp_identifier_iterator_t raw = nullptr;
  const rnp_result_t result = rnp_identifier_iterator_create(ffi, &raw, "fingerprint");
  const Identifiers identifiers(raw);
  TRY(check(result, "rnp_identifier_iterator_create"));
  std::optional<Fingerprint> primary;
  while (true) {
    const char* text = nullptr;
    TRY(check(rnp_identifier_iterator_next(raw, &text), "rnp_identifier_iterator_next"));
    if (text == nullptr) break;
    const Fingerprint fingerprint = TRY(Fingerprint::parse(text));
    const Key key = TRY(find_key(ffi, fingerprint));
    bool is_primary = false;
    TRY(check(rnp_key_is_primary(key.get(), &is_primary), "rnp_key_is_primary"));
    if (!is_primary) continue;
    if (primary) return fail(ErrorCode::certificate_refused, "more than one server key");
    primary = fingerprint;
  }
  if (!primary) return fail(ErrorCode::certificate_refused, "there is no server key");
  return *primary;
}

Result<gate::GatedCertificate> export_public(rnp_ffi_t ffi) {
  const Fingerprint primary = TRY(find_primary(ffi));
  const Key key = TRY(find_key(ffi, primary));
  const Output output = TRY(memory_output());
  TRY(check(rnp_key_export(key.get(), output.get(), RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_SUBKEYS), "rnp_key_export"));
  const Bytes packets = TRY(bytes_of(output));
  return gate::admit_certificate(packets, gate::kCertificateKeptBytesMax);
}

}  // namespace

struct ServerKey::Signer {
  Ffi ffi;
  std::unique_ptr<ParsedCertificate> judged;  // the public half, for its dates
  Fingerprint key;

  Result<Bytes> sign(std::string_view text, Instant now) const {
    TRY(set_time(ffi.get(), now));
    const Key handle = TRY(find_key(ffi.get(), key));
    const Input input = TRY(input_of(as_bytes(text)));
    const Output output = TRY(memory_output());
    rnp_op_sign_t raw = nullptr;
    const rnp_result_t result = rnp_op_sign_detached_create(&raw, ffi.get(), input.get(), output.get());
    const Sign operation(raw);
    TRY(check(result, "rnp_op_sign_detached_create"));
    TRY(check(rnp_op_sign_set_armor(raw, false), "rnp_op_sign_set_armor"));
    TRY(check(rnp_op_sign_set_hash(raw, "SHA512"), "rnp_op_sign_set_hash"));
    const auto created = static_cast<std::uint32_t>(unix_seconds(now));
    TRY(check(rnp_op_sign_set_creation_time(raw, created), "rnp_op_sign_set_creation_time"));
    TRY(check(rnp_op_sign_set_expiration_time(raw, 0), "rnp_op_sign_set_expiration_time"));
    TRY(check(rnp_op_sign_add_signature(raw, handle.get(), nullptr), "rnp_op_sign_add_signature"));
    TRY(check(rnp_op_sign_execute(raw), "rnp_op_sign_execute"));
    return bytes_of(output);
  }
};

ServerKey::ServerKey(Secret secret_key, gate::GatedCertificate certificate)
    : secret_key_(std::move(secret_key)), certificate_(std::move(certificate)) {}
ServerKey::~ServerKey() = default;

// Whether the key is good for anything is asked when it signs, by the time that is then given.
Result<std::unique_ptr<ServerKey>> ServerKey::open(const Secret& secret_key) {
  const Ffi ffi = TRY(make_ffi(Reading::strict, from_unix(1)));
  TRY(load_keys(ffi.get(), secret_key.reveal(), kBothHalves));
  std::size_t secret_keys = 0;
  TRY(check(rnp_get_secret_key_count(ffi.get(), &secret_keys), "rnp_get_secret_key_count"));
  if (secret_keys == 0) return fail(ErrorCode::certificate_refused, "this is no secret key");
  gate::GatedCertificate certificate = TRY(export_public(ffi.get()));

  const auto parsed = TRY(ParsedCertificate::load(certificate, from_unix(1)));
  bool usable = false;
  std::vector<Fingerprint> keys = {certificate.fingerprint()};
  for (const KeyFacts& subkey : parsed->facts().subkeys) keys.push_back(subkey.fingerprint);
  for (const Fingerprint& each : keys) {
    const Key key = TRY(find_key(ffi.get(), each));
    const bool can = TRY(can_be_used(key.get()));
    usable = usable || can;
  }
  if (!usable) return fail(ErrorCode::certificate_refused, "the server's key is protected by a passphrase or not here");
  return std::unique_ptr<ServerKey>(new ServerKey(secret_key, std::move(certificate)));
}

Result<std::unique_ptr<ServerKey::Signer>> ServerKey::load(Instant now) const {
  auto signer = std::make_unique<Signer>();
  signer->ffi = TRY(make_ffi(Reading::strict, now));
  TRY(load_keys(signer->ffi.get(), secret_key_.reveal(), kBothHalves));
  signer->judged = TRY(ParsedCertificate::load(certificate_, now));

  const CertificateFacts& facts = signer->judged->facts();
  std::vector<KeyFacts> candidates = facts.subkeys;
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const KeyFacts& a, const KeyFacts& b) { return a.created_at > b.created_at; });
  candidates.push_back(facts.primary);
  Error reason{ErrorCode::openpgp_unavailable, "the server has no key that signs"};
  for (const KeyFacts& candidate : candidates) {
    const auto judged = judge_signing_key(facts, candidate.fingerprint, now);
    if (!judged) {
      reason.detail = "the server's key: " + judged.error().detail;
      continue;
    }
    const Key key = TRY(find_key(signer->ffi.get(), candidate.fingerprint));
    if (!TRY(can_be_used(key.get()))) continue;
    signer->key = candidate.fingerprint;
    return signer;
  }
  return tl::unexpected<Error>(reason);
}

std::unique_ptr<ServerKey::Signer> ServerKey::find(Instant now) {
  const std::lock_guard lock(mutex_);
  while (!idle_.empty()) {
    std::unique_ptr<Signer> signer = std::move(idle_.back());
    idle_.pop_back();
    if (signer->judged->holds_at(now)) return signer;
  }
  return nullptr;
}

void ServerKey::give_back(std::unique_ptr<Signer> signer) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleSignersMax) idle_.push_back(std::move(signer));
}

Result<ServerSignature> ServerKey::sign(std::string_view text, Instant now) {
  auto signer = find(now);
  if (!signer) signer = TRY(load(now));
  ServerSignature done;
  done.packet = TRY(signer->sign(text, now));
  done.signing_key = signer->key;
  give_back(std::move(signer));
  return done;
}

}  // namespace countersign::auth::openpgp::rnp
