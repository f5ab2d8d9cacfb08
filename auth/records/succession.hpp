// The succession: the server's key names the key that comes after it, so that who knows the server by the old
// fingerprint is led to the new one without a human, on an air-gapped machine too.
//
//   countersign-succession-v1
//   server: https://auth.example.org
//   from: <40 upper-case hex digits>
//   to: <40 upper-case hex digits>
//   issued: 2026-11-21T17:20:00Z
//   expires: 2027-02-19T17:20:00Z
//
// UTF-8, one LF a line, this order, no other line, no trailing blanks, final LF; signed by the key of `from`, detached,
// class 0x00. It says nothing of the new certificate but its fingerprint: what a key says of itself may change
// (server-key extend), and the fingerprint is what people know a server by.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "auth/openpgp/openpgp.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::records {

inline constexpr std::string_view kSuccessionVersion = "countersign-succession-v1";
// `expires` lies at most this long after `issued`: who steals a key that was replaced does not speak for it for ever.
inline constexpr Seconds kSuccessionLifetimeMax = std::chrono::days(366);
// Replacements that one message leads through.
inline constexpr std::size_t kSuccessionsMax = 8;

struct Succession {
  std::string server;
  Fingerprint from;
  Fingerprint to;
  Instant issued_at{};
  Instant expires_at{};

  friend bool operator==(const Succession&, const Succession&) = default;
};

std::string write_succession(const Succession& succession);
// Takes exactly what write_succession writes. unknown_version for another first line, else malformed_statement.
Result<Succession> parse_succession(std::string_view text);

// What proves it: the statement, the signature over it, and the certificate of `from`; armored or binary.
struct SuccessionProof {
  std::string statement;
  std::string signature;
  std::string certificate;
};

// The body of a signature subpacket (unhashed, type 100): an octet 1, the version; then certificate, statement and
// signature, the packets binary, each after its length in four octets, big-endian. The certificate is the least that
// verifies the signature. What admit_certificate and admit_signature fail with.
Result<Bytes> pack_succession(const SuccessionProof& proof);
// Takes the form apart; what is in it is judged by follow_successions. packet_refused, unknown_version.
Result<SuccessionProof> unpack_succession(ByteView body);

struct Followed {
  std::string server;
  Fingerprint from;
  Fingerprint to;
  Instant until{};  // the first expiry on the way
};

// Leads from the key that is known to the one that is presented, through as many successions as there are between
// them: each is for this server, made by the key before, and has not expired at `now`; its signature is judged by the
// time it was made, since a key that was replaced may have run out meanwhile. server_mismatch, with the step that is
// missing or does not hold; openpgp_unavailable.
Result<Followed> follow_successions(openpgp::OpenPgp& engine, std::span<const SuccessionProof> proofs,
                                    std::string_view server, const Fingerprint& known, const Fingerprint& presented,
                                    Instant now);

}  // namespace countersign::auth::records
