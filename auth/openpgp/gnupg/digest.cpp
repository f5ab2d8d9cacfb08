#include "auth/openpgp/gnupg/digest.hpp"

#include <gcrypt.h>

#include <algorithm>
#include <string>

#include "auth/openpgp/gate/packets.hpp"
#include "auth/openpgp/policy.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

// A text's lines end in CR and LF (RFC 4880 §5.2.1, class 0x01); gpg takes all CR before the LF for one.
Bytes with_line_ends(ByteView text) {
  Bytes out;
  for (const std::uint8_t byte : text) {
    if (byte == '\n') {
      while (!out.empty() && out.back() == '\r') out.pop_back();
      out.push_back('\r');
    }
    out.push_back(byte);
  }
  return out;
}

// libgcrypt numbers hashes as RFC 4880 §9.4 does.
Bytes any_digest_of(const gate::SignaturePacket& signature, Bytes signed_bytes) {
  append(signed_bytes, signature.head);
  signed_bytes.insert(signed_bytes.end(), {4, 0xFF});
  append_integer(signed_bytes, signature.head.size(), 4);
  const int algorithm = signature.hash_algorithm;
  if (gcry_md_test_algo(algorithm) != 0) return {};
  Bytes digest(gcry_md_get_algo_dlen(algorithm));
  if (!digest.empty()) gcry_md_hash_buffer(algorithm, digest.data(), signed_bytes.data(), signed_bytes.size());
  return digest;
}

}  // namespace

Status start_libgcrypt() {
  static const bool ready = [] {
    if (gcry_check_version("1.10.0") == nullptr) return false;
    gcry_control(GCRYCTL_DISABLE_SECMEM, 0);  // public keys only
    gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    return true;
  }();
  if (ready) return ok();
  return fail(ErrorCode::openpgp_unavailable, "libgcrypt 1.10 or later is needed");
}

Bytes digest_of(const gate::SignaturePacket& signature, Bytes signed_bytes) {
  if (!is_strong_hash(signature.hash_algorithm)) return {};
  return any_digest_of(signature, std::move(signed_bytes));
}

bool has_left_bits(const gate::SignaturePacket& signature, Bytes signed_bytes) {
  const Bytes digest = any_digest_of(signature, std::move(signed_bytes));
  return digest.size() >= 2 && signature.tail.size() >= 2 &&
         std::equal(digest.begin(), digest.begin() + 2, signature.tail.begin());
}

Result<bool> has_left_bits(ByteView signature, ByteView message) {
  TRY(start_libgcrypt());
  gate::PacketReader reader(signature);
  const gate::Packet whole = TRY(reader.next());
  const gate::SignaturePacket packet = TRY(gate::read_signature_packet(whole.body));
  const bool is_text = packet.signature_class == 0x01;
  return is_strong_hash(packet.hash_algorithm) &&
         has_left_bits(packet, is_text ? with_line_ends(message) : Bytes(message.begin(), message.end()));
}

}  // namespace countersign::auth::openpgp::gnupg
