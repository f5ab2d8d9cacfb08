#include "auth/openpgp/gate/signature_packet.hpp"

#include <algorithm>
#include <string>

#include "auth/openpgp/gate/packets.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

constexpr std::size_t kFingerprintSubpacketBytes = 1 + Fingerprint::kBytes;

// Subpacket lengths resemble those of packets but know no partial form (RFC 4880 §5.2.3.1).
Result<std::size_t> subpacket_length(BodyReader& reader) {
  const auto first = static_cast<std::size_t>(TRY(reader.integer(1)));
  if (first < 192) return first;
  if (first < 255) return ((first - 192) << 8) + static_cast<std::size_t>(TRY(reader.integer(1))) + 192;
  return static_cast<std::size_t>(TRY(reader.integer(4)));
}

Result<std::vector<Subpacket>> read_area(ByteView area) {
  std::vector<Subpacket> subpackets;
  BodyReader reader(area);
  while (!reader.at_end()) {
    const std::size_t size = TRY(subpacket_length(reader));
    if (size == 0) return fail(ErrorCode::packet_refused, "a subpacket without a type");
    const ByteView whole = TRY(reader.take(size));
    subpackets.push_back({static_cast<std::uint8_t>(whole[0] & 0x7F), (whole[0] & 0x80) != 0, whole.subspan(1)});
  }
  return subpackets;
}

constexpr std::size_t kSignatureIntegerBitsMax = 8192;

// The number of integers in a signature of that algorithm (RFC 4880 §5.2.2, RFC 6637, RFC 9580 §5.2.3).
Result<int> integers_of(std::uint8_t algorithm) {
  switch (algorithm) {
    case 1:
    case 3:
      return 1;  // RSA
    case 17:
    case 19:
    case 22:
      return 2;  // DSA, ECDSA, EdDSA
    default:
      return fail(ErrorCode::packet_refused, "signature algorithm " + std::to_string(algorithm));
  }
}

bool equal(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

Result<SignaturePacket> read_signature_packet(ByteView body) {
  BodyReader reader(body);
  const auto version = TRY(reader.integer(1));
  if (version != 4) {
    return fail(ErrorCode::unknown_version, "an OpenPGP signature of version " + std::to_string(version) +
                                                "; this server takes version 4 signatures (RFC 4880) only");
  }
  SignaturePacket packet;
  packet.signature_class = static_cast<std::uint8_t>(TRY(reader.integer(1)));
  packet.public_key_algorithm = static_cast<std::uint8_t>(TRY(reader.integer(1)));
  packet.hash_algorithm = static_cast<std::uint8_t>(TRY(reader.integer(1)));
  const auto hashed_bytes = static_cast<std::size_t>(TRY(reader.integer(2)));
  const ByteView hashed = TRY(reader.take(hashed_bytes));
  packet.hashed = TRY(read_area(hashed));
  packet.head = body.first(body.size() - reader.rest().size());
  const auto unhashed_bytes = static_cast<std::size_t>(TRY(reader.integer(2)));
  const ByteView unhashed = TRY(reader.take(unhashed_bytes));
  packet.unhashed = TRY(read_area(unhashed));
  packet.tail = reader.rest();
  return packet;
}

Result<Bytes> normalised_tail(const SignaturePacket& packet) {
  BodyReader reader(packet.tail);
  const ByteView left = TRY(reader.take(2));
  Bytes out(left.begin(), left.end());
  const int integers = TRY(integers_of(packet.public_key_algorithm));
  for (int i = 0; i < integers; ++i) {
    const ByteView value = TRY(reader.mpi(kSignatureIntegerBitsMax));
    const std::size_t bits = bit_length(value);
    append_integer(out, bits, 2);
    append(out, value.last((bits + 7) / 8));
  }
  if (!reader.at_end()) return fail(ErrorCode::packet_refused, "something stands after the signature's integers");
  return out;
}

bool names_issuer(const SignaturePacket& packet, const Fingerprint& fingerprint) {
  bool fingerprint_named = false;
  bool key_id_matches = false;
  for (const auto* area : {&packet.hashed, &packet.unhashed}) {
    for (const Subpacket& each : *area) {
      if (each.type == subpacket::kIssuerFingerprint) {
        if (each.body.size() != kFingerprintSubpacketBytes || each.body[0] != 4 ||
            !equal(each.body.subspan(1), fingerprint.bytes())) {
          return false;
        }
        fingerprint_named = true;
      } else if (each.type == subpacket::kIssuerKeyId) {
        if (!equal(each.body, fingerprint.key_id())) return false;
        key_id_matches = true;
      }
    }
  }
  return fingerprint_named || key_id_matches;
}

Result<std::optional<Instant>> creation_time(const SignaturePacket& packet) {
  for (const Subpacket& each : packet.hashed) {
    if (each.type != subpacket::kCreationTime) continue;
    BodyReader reader(each.body);
    return std::optional(from_unix(static_cast<std::int64_t>(TRY(reader.integer(4)))));
  }
  return std::optional<Instant>();
}

bool holds_at(const SignaturePacket& packet, Instant now) {
  std::optional<Instant> created;
  Seconds lifetime{0};
  for (const Subpacket& each : packet.hashed) {
    if (each.type != subpacket::kCreationTime && each.type != subpacket::kExpirationTime) continue;
    BodyReader reader(each.body);
    const auto seconds = reader.integer(4);
    if (!seconds) return false;
    if (each.type == subpacket::kCreationTime) created = from_unix(static_cast<std::int64_t>(*seconds));
    if (each.type == subpacket::kExpirationTime) lifetime = Seconds(static_cast<std::int64_t>(*seconds));
  }
  if (!created || *created > now) return false;
  return lifetime == Seconds(0) || now < *created + lifetime;
}

void append_subpacket(Bytes& area, std::uint8_t type, ByteView body) {
  const std::size_t size = body.size() + 1;
  if (size < 192) {
    append_integer(area, size, 1);
  } else if (size < 16320) {
    append_integer(area, (size - 192) + (std::size_t{192} << 8), 2);
  } else {
    area.push_back(0xFF);
    append_integer(area, size, 4);
  }
  area.push_back(type);
  append(area, body);
}

}  // namespace countersign::auth::openpgp::gate
