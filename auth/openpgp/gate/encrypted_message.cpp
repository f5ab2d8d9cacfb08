#include "auth/openpgp/gate/encrypted_message.hpp"

#include <algorithm>

#include "auth/openpgp/gate/packets.hpp"

namespace countersign::auth::openpgp::gate {
namespace {

constexpr std::size_t kMessageBytesMax = 1u << 20;
constexpr std::size_t kKeyIdAt = 1;  // behind the version
constexpr std::size_t kKeyIdBytes = 8;

tl::unexpected<Error> wrong(const char* what) {
  return fail(ErrorCode::openpgp_unavailable, what);
}

}  // namespace

Result<Bytes> address_message(ByteView packets, const Fingerprint& encryption_key, bool hide_recipient) {
  PacketReader reader(packets);
  const Packet session_key = TRY(reader.next());
  if (session_key.tag != tag::kSessionKey || session_key.body.size() < 10 || session_key.body[0] != 3) {
    return wrong("the engine wrote no session key of version 3");
  }
  Bytes addressed(session_key.body.begin(), session_key.body.end());
  const auto key_id = addressed.begin() + kKeyIdAt;
  const ByteView expected = encryption_key.key_id();
  if (!std::equal(expected.begin(), expected.end(), key_id)) return wrong("the engine encrypted to another key");
  if (hide_recipient) std::fill_n(key_id, kKeyIdBytes, std::uint8_t{0});

  const Bytes data = TRY(reader.next_whole(tag::kIntegrityProtected, kMessageBytesMax));
  if (data.empty() || data[0] != 1) return wrong("the engine wrote no integrity protected data of version 1");
  if (!reader.at_end()) return wrong("the engine wrote more than one message");

  Bytes out;
  append_packet(out, tag::kSessionKey, addressed);
  append_packet(out, tag::kIntegrityProtected, data);
  return out;
}

}  // namespace countersign::auth::openpgp::gate
