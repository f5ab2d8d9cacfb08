#include "transport/wormhole/keys.hpp"

#include <sodium.h>

#include "storage/base/hash.hpp"

namespace countersign::transport::wormhole {

static_assert(kWormholeKeyBytes == crypto_secretbox_KEYBYTES);
static_assert(kBoxNonceBytes == crypto_secretbox_NONCEBYTES);
static_assert(kBoxOverheadBytes == kBoxNonceBytes + crypto_secretbox_MACBYTES);

Secret derive_key(const Secret& key, std::string_view purpose, std::size_t size_bytes) {
  return hkdf_sha256(key, as_bytes(purpose), size_bytes);
}

Secret phase_key(const Secret& key, std::string_view side, std::string_view phase) {
  std::string purpose = "wormhole:phase:";
  purpose += as_text(sha256(as_bytes(side)));
  purpose += as_text(sha256(as_bytes(phase)));
  return derive_key(key, purpose);
}

Secret verifier_of(const Secret& key) {
  return derive_key(key, "wormhole:verifier");
}

Result<Bytes> close_body(const Secret& phase_key, ByteView plaintext, auth::Rng& rng) {
  Bytes body(kBoxOverheadBytes + plaintext.size());
  const std::span<std::uint8_t> nonce = std::span(body).first(kBoxNonceBytes);
  TRY(rng.fill(nonce));
  crypto_secretbox_easy(body.data() + kBoxNonceBytes, plaintext.data(), plaintext.size(), nonce.data(),
                        phase_key.reveal().data());
  return body;
}

Result<Secret> open_body(const Secret& phase_key, ByteView body) {
  if (body.size() < kBoxOverheadBytes) return fail(ErrorCode::malformed_message, "too short for a closed message");
  Secret plaintext(body.size() - kBoxOverheadBytes);
  const ByteView box = body.subspan(kBoxNonceBytes);
  if (crypto_secretbox_open_easy(plaintext.writable().data(), box.data(), box.size(), body.data(),
                                 phase_key.reveal().data()) != 0) {
    return fail(ErrorCode::malformed_message, "not closed by this key");
  }
  return plaintext;
}

}  // namespace countersign::transport::wormhole
