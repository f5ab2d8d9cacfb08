// What is asked of a GnuPG worker and what it answers, as frames and back. Pure; both sides take nothing that is not
// exactly of the form.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "auth/openpgp/gnupg/frame.hpp"
#include "auth/openpgp/openpgp.hpp"
#include "storage/base/secret.hpp"

namespace countersign::auth::openpgp::gnupg {

// Where the server's secret key is.
enum class KeyPlace : std::uint8_t {
  nowhere = 0,        // the worker knows public keys only
  handed_over = 1,    // a transferable secret key, for the worker's own home
  operators_home = 2  // in a GnuPG home that is not ours, perhaps in a token
};

// The first message of a worker's life. Answer: the server's certificate, empty without a key.
struct PrepareRequest {
  std::string folder;  // the worker's own, private and empty
  KeyPlace place = KeyPlace::nowhere;
  Secret secret_key;           // handed_over
  std::string operators_home;  // operators_home; empty: GnuPG's default
  Fingerprint operators_key;   // operators_home
};

// Answer: InspectReply.
struct InspectRequest {
  Bytes certificate;
  Instant now{};
};

// Answer: VerifyReply. The worker takes the later of `now` and the signature's time for now.
struct VerifyRequest {
  Bytes certificate;
  Bytes message;
  Bytes signature;
  Instant signature_time{};
  Instant now{};
};

// Answer: BytesReply, packets of a session key and of integrity protected data.
struct EncryptRequest {
  Bytes certificate;
  Fingerprint encryption_key;
  Bytes packets;
  Instant now{};
};

// Answer: SignReply.
struct SignRequest {
  Bytes text;
  Instant now{};
};

// Is the server's key within reach? Signs nothing. Answer: LookReply.
struct LookRequest {};

// Answer: GenerateReply.
struct GenerateRequest {
  KeyKind kind = KeyKind::ed25519_cv25519;
  std::string user_id;
  Instant now{};
  Secret passphrase;  // empty: the key is not protected
};

using Request = std::variant<PrepareRequest, InspectRequest, VerifyRequest, EncryptRequest, SignRequest, LookRequest,
                             GenerateRequest>;

struct CertificateReply {
  Bytes certificate;
};
struct InspectReply {
  CertificateFacts facts;
};
struct VerifyReply {
  SignatureFacts facts;  // without `primary`: the worker was given one certificate
};
struct EncryptReply {
  Bytes packets;
};
struct SignReply {
  Bytes signature;  // one packet
  Fingerprint signing_key;
};
struct LookReply {};
struct GenerateReply {
  GeneratedKey key;
};
// openpgp_unavailable, key_locked or certificate_refused; no other code passes.
struct FailureReply {
  Error error;
};

using Reply = std::variant<CertificateReply, InspectReply, VerifyReply, EncryptReply, SignReply, LookReply,
                           GenerateReply, FailureReply>;

// message_too_large where a limit is passed. The bytes may hold a secret: wipe them.
Result<Bytes> write_request(const Request& request);
Result<Bytes> write_reply(const Reply& reply);
// malformed_message.
Result<Request> read_request(const Frame& frame);
Result<Reply> read_reply(const Frame& frame);

}  // namespace countersign::auth::openpgp::gnupg
