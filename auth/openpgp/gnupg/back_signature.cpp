#include "auth/openpgp/gnupg/back_signature.hpp"

#include <gcrypt.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/openpgp/gate/key_packet.hpp"
#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/gate/signature_packet.hpp"
#include "auth/openpgp/gnupg/digest.hpp"
#include "auth/openpgp/policy.hpp"
#include "storage/base/handle.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

constexpr std::size_t kIntegerBitsMax = 8192;
constexpr std::size_t kEd25519HalfBytes = 32;

// RFC 4880 §9.1, RFC 6637 §5.
enum Algorithm : std::uint8_t { rsa = 1, rsa_sign = 3, dsa = 17, ecdsa = 19, eddsa = 22 };

using Expression = std::unique_ptr<std::remove_pointer_t<gcry_sexp_t>, GiveBack<&gcry_sexp_release>>;

template <class... Arguments>
Expression build(const char* format, Arguments... arguments) {
  gcry_sexp_t raw = nullptr;
  if (gcry_sexp_build(&raw, nullptr, format, arguments...) != 0) return nullptr;
  return Expression(raw);
}

int size_of(ByteView bytes) {
  return static_cast<int>(bytes.size());
}

// X.690 §8.19, without tag and length, as dotted numbers.
std::string dotted(ByteView oid) {
  std::string out;
  std::uint64_t arc = 0;
  for (const std::uint8_t byte : oid) {
    arc = (arc << 7) | (byte & 0x7F);
    if ((byte & 0x80) != 0) continue;
    if (out.empty()) {
      const std::uint64_t root = std::min<std::uint64_t>(arc / 40, 2);
      out = std::to_string(root) + "." + std::to_string(arc - root * 40);
    } else {
      out += "." + std::to_string(arc);
    }
    arc = 0;
  }
  return out;
}

// A key packet's numbers, or a signature's.
Result<std::vector<ByteView>> integers(gate::BodyReader& reader) {
  std::vector<ByteView> found;
  while (!reader.at_end()) found.push_back(TRY(reader.mpi(kIntegerBitsMax)));
  return found;
}

// A null pointer where libgcrypt knows no such key.
Result<Expression> public_key(ByteView packet_body) {
  gate::BodyReader reader(packet_body);
  TRY(reader.take(5));  // version and time
  const auto algorithm = TRY(reader.integer(1));
  std::string curve;
  if (algorithm == ecdsa || algorithm == eddsa) {
    const auto oid_bytes = static_cast<std::size_t>(TRY(reader.integer(1)));
    curve = dotted(TRY(reader.take(oid_bytes)));
  }
  const auto n = TRY(integers(reader));
  const auto at = [&](std::size_t i) { return n[i].data(); };
  if ((algorithm == rsa || algorithm == rsa_sign) && n.size() == 2) {
    return build("(public-key (rsa (n %b) (e %b)))", size_of(n[0]), at(0), size_of(n[1]), at(1));
  }
  if (algorithm == dsa && n.size() == 4) {
    return build("(public-key (dsa (p %b) (q %b) (g %b) (y %b)))", size_of(n[0]), at(0), size_of(n[1]), at(1),
                 size_of(n[2]), at(2), size_of(n[3]), at(3));
  }
  if (algorithm == ecdsa && n.size() == 1) {
    return build("(public-key (ecc (curve %s) (q %b)))", curve.c_str(), size_of(n[0]), at(0));
  }
  if (algorithm == eddsa && n.size() == 1) {
    return build("(public-key (ecc (curve %s) (flags eddsa) (q %b)))", curve.c_str(), size_of(n[0]), at(0));
  }
  return Expression();
}

Bytes padded(ByteView integer) {
  Bytes out(kEd25519HalfBytes - std::min(integer.size(), kEd25519HalfBytes), 0);
  append(out, integer);
  return out;
}

Result<Expression> signature_value(const gate::SignaturePacket& signature) {
  gate::BodyReader reader(signature.tail);
  TRY(reader.take(2));  // the left 16 bits of the hash
  const auto n = TRY(integers(reader));
  const std::uint8_t algorithm = signature.public_key_algorithm;
  if ((algorithm == rsa || algorithm == rsa_sign) && n.size() == 1) {
    return build("(sig-val (rsa (s %b)))", size_of(n[0]), n[0].data());
  }
  if (n.size() != 2) return Expression();
  if (algorithm == eddsa) {
    const Bytes r = padded(n[0]);
    const Bytes s = padded(n[1]);
    return build("(sig-val (eddsa (r %b) (s %b)))", size_of(r), r.data(), size_of(s), s.data());
  }
  const char* format = nullptr;
  if (algorithm == dsa) format = "(sig-val (dsa (r %b) (s %b)))";
  if (algorithm == ecdsa) format = "(sig-val (ecdsa (r %b) (s %b)))";
  if (format == nullptr) return Expression();
  return build(format, size_of(n[0]), n[0].data(), size_of(n[1]), n[1].data());
}

// How many leading bytes of a hash DSA and ECDSA take: as many as their group's order has.
std::size_t order_bytes(gcry_sexp_t key, std::uint8_t algorithm) {
  if (algorithm != dsa) return (gcry_pk_get_nbits(key) + 7) / 8;
  const Expression q(gcry_sexp_find_token(key, "q", 1));
  std::size_t size = 0;
  if (!q || gcry_sexp_nth_data(q.get(), 1, &size) == nullptr) return 0;
  return size;
}

Expression hash_value(ByteView digest, std::string_view hash, gcry_sexp_t key, std::uint8_t algorithm) {
  switch (algorithm) {
    case rsa:
    case rsa_sign: {
      std::string name(hash);
      std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' ? c - 'A' + 'a' : c; });
      return build("(data (flags pkcs1) (hash %s %b))", name.c_str(), size_of(digest), digest.data());
    }
    case eddsa:
      return build("(data (flags eddsa) (hash-algo sha512) (value %b))", size_of(digest), digest.data());
    default: {
      const ByteView taken = digest.first(std::min(digest.size(), order_bytes(key, algorithm)));
      return build("(data (flags raw) (value %b))", size_of(taken), taken.data());
    }
  }
}

bool agrees(ByteView embedded, ByteView primary, ByteView subkey, Instant now) {
  const auto signature = gate::read_signature_packet(embedded);
  if (!signature || signature->signature_class != 0x19 || !holds_at(*signature, now)) return false;
  const std::string_view hash = strong_hash_name(signature->hash_algorithm);
  if (hash.empty()) return false;
  const auto key = public_key(subkey);
  const auto value = signature_value(*signature);
  if (!key || !*key || !value || !*value) return false;
  Bytes keys = gate::hashed_form({gate::tag::kPublicKey, primary});
  append(keys, gate::hashed_form({gate::tag::kPublicSubkey, subkey}));
  const Bytes digest = digest_of(*signature, std::move(keys));
  const Expression data = hash_value(digest, hash, key->get(), signature->public_key_algorithm);
  return data && gcry_pk_verify(value->get(), data.get(), key->get()) == 0;
}

bool holds_agreement(const gate::SignaturePacket& binding, ByteView primary, ByteView subkey, Instant now) {
  for (const std::vector<gate::Subpacket>* area : {&binding.hashed, &binding.unhashed}) {
    for (const gate::Subpacket& each : *area) {
      if (each.type == gate::subpacket::kEmbeddedSignature && agrees(each.body, primary, subkey, now)) return true;
    }
  }
  return false;
}

// The subkeys that agreed.
Result<std::vector<Fingerprint>> find_agreed(const gate::GatedCertificate& certificate, Instant now) {
  std::vector<Fingerprint> agreed;
  gate::Packet primary;
  gate::Packet key;
  gate::PacketReader reader(certificate.packets());
  while (!reader.at_end()) {
    const gate::Packet packet = TRY(reader.next());
    if (packet.tag == gate::tag::kPublicKey) primary = packet;
    if (packet.tag == gate::tag::kPublicSubkey) key = packet;
    if (packet.tag != gate::tag::kSignature || key.tag != gate::tag::kPublicSubkey) continue;
    const gate::SignaturePacket signature = TRY(gate::read_signature_packet(packet.body));
    if (signature.signature_class != 0x18 || !holds_agreement(signature, primary.body, key.body, now)) continue;
    agreed.push_back(TRY(gate::read_key_packet(key.body)).fingerprint);
  }
  return agreed;
}

}  // namespace

Status unbind_without_back_signature(CertificateFacts& facts, const gate::GatedCertificate& certificate, Instant now) {
  TRY(start_libgcrypt());
  const std::vector<Fingerprint> agreed = TRY(find_agreed(certificate, now));
  for (KeyFacts& subkey : facts.subkeys) {
    if (!subkey.can_sign || std::find(agreed.begin(), agreed.end(), subkey.fingerprint) != agreed.end()) continue;
    subkey.bound = false;
    subkey.can_certify = subkey.can_sign = subkey.can_encrypt = false;
  }
  return ok();
}

}  // namespace countersign::auth::openpgp::gnupg
