#include "auth/openpgp/policy.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace countersign::auth::openpgp {
namespace {

struct Curve {
  std::string_view algorithm;
  bool signs;
  bool encrypts;
};

// Not here, and so refused: secp256k1, DSA, ElGamal, Ed448 and X448 (no engine of ours has them), SM2.
constexpr Curve kCurves[] = {
    {"ed25519", true, false},        {"cv25519", false, true},        {"nistp256", true, true},
    {"nistp384", true, true},        {"nistp521", true, true},        {"brainpoolP256r1", true, true},
    {"brainpoolP384r1", true, true}, {"brainpoolP512r1", true, true},
};
constexpr unsigned kRsaBitsMin = 2048;
constexpr unsigned kRsaBitsMax = 8192;  // more only costs time

bool is_strong_rsa(std::string_view algorithm) {
  constexpr std::string_view kRsa = "rsa";
  if (algorithm.substr(0, kRsa.size()) != kRsa) return false;
  unsigned bits = 0;
  const char* const end = algorithm.data() + algorithm.size();
  const auto parsed = std::from_chars(algorithm.data() + kRsa.size(), end, bits);
  return parsed.ec == std::errc() && parsed.ptr == end && bits >= kRsaBitsMin && bits <= kRsaBitsMax;
}

const Curve* find_curve(std::string_view algorithm) {
  for (const Curve& curve : kCurves) {
    if (curve.algorithm == algorithm) return &curve;
  }
  return nullptr;
}

// When a key ends that nobody vouches for is nobody's word.
bool is_expired(const KeyFacts& key, Instant now) {
  return key.bound && key.expires_at && now >= *key.expires_at;
}

// What ends the primary ends every key under it.
Status judge_primary(const KeyFacts& primary, Instant now) {
  if (primary.revoked) return fail(ErrorCode::key_revoked, "the key is revoked");
  if (is_expired(primary, now)) {
    return fail(ErrorCode::key_expired, "the key expired on " + format_time(*primary.expires_at));
  }
  return ok();
}

// The reason why a key cannot do its work now; of several keys the best reason is told.
enum class Bar { none, unfit, algorithm, not_yet, expired, revoked };

Bar bar_of(const KeyFacts& key, bool usable, bool strong, Instant now) {
  if (!key.bound || !usable) return Bar::unfit;
  if (!strong) return Bar::algorithm;
  if (key.revoked) return Bar::revoked;
  if (is_expired(key, now)) return Bar::expired;
  if (key.created_at > now) return Bar::not_yet;
  return Bar::none;
}

Bar bar_to_signing(const KeyFacts& key, Instant now) {
  return bar_of(key, key.can_sign, may_sign(key.algorithm), now);
}
Bar bar_to_encrypting(const KeyFacts& key, Instant now) {
  return bar_of(key, key.can_encrypt, may_encrypt(key.algorithm), now);
}

// `unfit_code` is what the caller calls a key that is not made for the work or not strong enough.
tl::unexpected<Error> barred(Bar bar, ErrorCode unfit_code, const std::string& what) {
  switch (bar) {
    case Bar::expired:
      return fail(ErrorCode::key_expired, what + " has expired");
    case Bar::revoked:
      return fail(ErrorCode::key_revoked, what + " is revoked");
    case Bar::not_yet:
      return fail(unfit_code, what + " was made in the future: is a clock wrong?");
    case Bar::algorithm:
      return fail(unfit_code, what + " is of an algorithm or size that is not accepted");
    case Bar::unfit:
    case Bar::none:
      break;
  }
  return fail(unfit_code, what + " is not made for that");
}

// The owner is told what is missing, and how GnuPG makes it. `work` is "signs" or "encrypts".
tl::unexpected<Error> lacking(const CertificateFacts& facts, Bar bar, const std::string& work) {
  if (bar != Bar::unfit) return barred(bar, ErrorCode::key_policy, "the key that " + work);
  const bool unbound = std::any_of(facts.subkeys.begin(), facts.subkeys.end(),
                                   [](const KeyFacts& subkey) { return !subkey.bound && !subkey.revoked; });
  if (!unbound) return fail(ErrorCode::key_policy, "there is no key that " + work);
  return fail(ErrorCode::key_policy,
              "no key that " + work +
                  " is bound to the primary with SHA-256 or better; `gpg --cert-digest-algo SHA256 "
                  "--quick-set-expire FINGERPRINT 2y '*'` makes the bindings of subkeys anew");
}

}  // namespace

bool may_sign(std::string_view algorithm) {
  const Curve* const curve = find_curve(algorithm);
  return curve != nullptr ? curve->signs : is_strong_rsa(algorithm);
}

bool may_encrypt(std::string_view algorithm) {
  const Curve* const curve = find_curve(algorithm);
  return curve != nullptr ? curve->encrypts : is_strong_rsa(algorithm);
}

std::string_view strong_hash_name(std::uint8_t hash_algorithm) {
  switch (hash_algorithm) {
    case 8:
      return "SHA256";
    case 9:
      return "SHA384";
    case 10:
      return "SHA512";
    default:
      return {};
  }
}

bool is_strong_hash(std::uint8_t hash_algorithm) {
  return !strong_hash_name(hash_algorithm).empty();
}

bool is_strong_signature_algorithm(std::uint8_t public_key_algorithm) {
  switch (public_key_algorithm) {
    case 1:
    case 3:
    case 19:
    case 22:
      return true;
    default:
      return false;
  }
}

Status judge_certificate(const CertificateFacts& facts, Instant now) {
  // First, because what a key says before it is made engines read differently.
  if (facts.primary.created_at > now) {
    return fail(ErrorCode::key_policy, "the key was made in the future: is a clock wrong?");
  }
  TRY(judge_primary(facts.primary, now));
  if (!facts.primary.bound) {
    return fail(ErrorCode::key_policy,
                "no valid self-signature with SHA-256 or better; `gpg --cert-digest-algo SHA256 "
                "--quick-set-expire FINGERPRINT 2y` makes one");
  }
  if (!may_sign(facts.primary.algorithm)) {
    return fail(ErrorCode::key_policy, "a primary key of " + facts.primary.algorithm + " is not accepted");
  }

  Bar best = bar_to_signing(facts.primary, now);
  for (const KeyFacts& subkey : facts.subkeys) {
    if (best == Bar::none) break;
    const Bar bar = bar_to_signing(subkey, now);
    best = bar == Bar::none ? bar : std::max(best, bar);
  }
  if (best != Bar::none) return lacking(facts, best, "signs");
  TRY(choose_encryption_key(facts, now));
  return ok();
}

std::vector<std::string> unaccepted_subkeys(const CertificateFacts& facts, Instant now) {
  std::vector<std::string> lines;
  for (const KeyFacts& subkey : facts.subkeys) {
    if (subkey.revoked || is_expired(subkey, now)) continue;
    const bool signs = bar_to_signing(subkey, now) == Bar::algorithm;
    if (!signs && bar_to_encrypting(subkey, now) != Bar::algorithm) continue;
    lines.push_back("the subkey " + subkey.fingerprint.upper() + ", since " + subkey.algorithm + " is not accepted" +
                    (signs ? ": sign with another, `gpg --clearsign -u FINGERPRINT!`" : ""));
  }
  return lines;
}

Result<KeyFacts> choose_encryption_key(const CertificateFacts& facts, Instant now) {
  TRY(judge_primary(facts.primary, now));
  if (!facts.primary.bound) return barred(Bar::unfit, ErrorCode::key_policy, "a primary that vouches for itself");
  const KeyFacts* chosen = nullptr;
  Bar best = Bar::unfit;
  for (const KeyFacts& subkey : facts.subkeys) {
    const Bar bar = bar_to_encrypting(subkey, now);
    if (bar != Bar::none) {
      best = std::max(best, bar);
    } else if (chosen == nullptr || subkey.created_at > chosen->created_at) {
      chosen = &subkey;
    }
  }
  if (chosen != nullptr) return *chosen;
  const Bar primary_bar = bar_to_encrypting(facts.primary, now);
  if (primary_bar == Bar::none) return facts.primary;
  return lacking(facts, std::max(best, primary_bar), "encrypts");
}

Result<KeyFacts> judge_signing_key(const CertificateFacts& facts, const Fingerprint& signing_key, Instant now) {
  const KeyFacts* found = facts.primary.fingerprint == signing_key ? &facts.primary : nullptr;
  for (const KeyFacts& subkey : facts.subkeys) {
    if (subkey.fingerprint == signing_key && subkey.bound) found = &subkey;
  }
  if (found == nullptr) {
    return fail(ErrorCode::signature_by_another_key,
                "no key of the certificate has the fingerprint " + signing_key.upper());
  }
  const Bar bar = bar_to_signing(*found, now);
  if (bar == Bar::unfit || bar == Bar::algorithm) {
    return barred(bar, ErrorCode::signature_policy, "the key that signed");
  }
  TRY(judge_primary(facts.primary, now));
  if (!facts.primary.bound) return barred(Bar::unfit, ErrorCode::signature_policy, "a primary that vouches for itself");
  if (bar != Bar::none) return barred(bar, ErrorCode::signature_policy, "the key that signed");
  return *found;
}

}  // namespace countersign::auth::openpgp
