// What Countersign asks of an OpenPGP implementation, and the facts it gets back. Judgement is not an engine's work:
// see policy.hpp and acceptance.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/base/fingerprint.hpp"
#include "auth/openpgp/gate/packet_gate.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::openpgp {

struct KeyFacts {
  Fingerprint fingerprint;
  std::string algorithm;  // "rsa3072", "ed25519", "cv25519", "nistp256", "brainpoolP256r1", "dsa2048", ...
  Instant created_at{};
  std::optional<Instant> expires_at;
  bool revoked = false;  // by a valid revocation in the certificate, whatever its hash
  // By a valid self-signature with SHA-2: a subkey with its binding (and back signature where it signs), the primary
  // with a direct signature or a user id that is not revoked. Where it is false the can_... are false as well.
  bool bound = true;
  bool can_certify = false;  // by its key flags
  bool can_sign = false;
  bool can_encrypt = false;
};

struct CertificateFacts {
  KeyFacts primary;
  std::vector<KeyFacts> subkeys;
  std::vector<std::string> user_ids;  // certified and not revoked; foreign text: escape it where it is shown
};

struct SignatureFacts {
  std::size_t signatures = 0;  // how many the engine found; one is right
  bool valid = false;          // cryptographically, whatever the key's state
  Fingerprint primary;         // of the certificate that holds the signing key
  Fingerprint signing_key;
  std::string hash;  // "SHA256", ...
  Instant created_at{};
};

struct SealRequest {
  const gate::GatedCertificate& recipient;
  Fingerprint encryption_key;  // which key of the recipient; the policy chose it
  std::string_view text;
  bool hide_recipient = true;  // key id zeroed (RFC 4880 §5.1)
  Instant now{};
  std::span<const Bytes> successions{};  // carried beside the key block, as they are (signed_message.hpp)
};

enum class KeyKind { ed25519_cv25519, rsa3072, rsa2048, rsa4096, nistp256, nistp384, nistp521 };

struct KeyRequest {
  KeyKind kind = KeyKind::ed25519_cv25519;
  std::string_view user_id;
  Instant now{};
  // Protects the secret key, which then leaves the engine in no other form: see passphrase.hpp. Null: the key is not
  // protected.
  const Secret* passphrase = nullptr;
};

struct GeneratedKey {
  Secret secret_key;  // transferable secret key, binary packets
  Bytes certificate;  // transferable public key, binary packets
  Fingerprint fingerprint;
};

// An engine holds the server's secret key, or none (then seal and sign fail). Any thread at any time.
// Every method fails with openpgp_unavailable where the engine itself is out of order, and inspect and verify with
// engines_disagree where it is two engines that do (both_openpgp.hpp).
class OpenPgp {
 public:
  virtual ~OpenPgp() = default;

  // What is in a certificate, judged at `now`. certificate_refused where the engine cannot read it.
  virtual Result<CertificateFacts> inspect(const gate::GatedCertificate& certificate, Instant now) = 0;

  // One OpenPGP message, armored without headers: the text signed with the server's key, then encrypted to one key
  // (no compression, AES-256, integrity protected). The signature carries the server's certificate in an unhashed
  // key block subpacket, so that who knows only its fingerprint can verify. certificate_refused.
  virtual Result<std::string> seal(const SealRequest& request) = 0;

  // Detached signature by the server's key, class 0x00, SHA-256 or better, armored without headers.
  virtual Result<std::string> sign(std::string_view text, Instant now) = 0;

  // Facts about one detached signature over `message` by a key of the certificate. A signature that does not verify is
  // a fact (valid == false), not an error.
  virtual Result<SignatureFacts> verify(const gate::GatedCertificate& certificate, ByteView message,
                                        const gate::GatedSignature& signature, Instant now) = 0;

  // A primary key that certifies and signs, and a subkey that encrypts, without expiry. Protected by a passphrase, each
  // at the highest cost that S2K has (RFC 4880 §3.7.1.3): iterated and salted over 65,011,712 bytes. malformed_message
  // for a passphrase that is none.
  virtual Result<GeneratedKey> generate(const KeyRequest& request) = 0;
};

}  // namespace countersign::auth::openpgp
