#include "storage/base/hash.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include <memory>
#include <stdexcept>

#include "storage/base/handle.hpp"

namespace countersign {

Digest sha256(ByteView bytes) {
  Digest digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

std::array<std::uint8_t, 20> sha1(ByteView bytes) {
  std::array<std::uint8_t, 20> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("SHA-1 failed");
  }
  return digest;
}

Digest hmac_sha256(const Secret& key, ByteView message) {
  Digest digest{};
  unsigned int size = 0;
  const ByteView bytes = key.reveal();
  if (bytes.empty() ||
      HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()), message.data(), message.size(), digest.data(),
           &size) == nullptr ||
      size != digest.size()) {
    throw std::runtime_error("HMAC-SHA-256 failed");
  }
  return digest;
}

struct HmacSha256::State {
  std::unique_ptr<EVP_MAC, GiveBack<&EVP_MAC_free>> mac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  std::unique_ptr<EVP_MAC_CTX, GiveBack<&EVP_MAC_CTX_free>> context{EVP_MAC_CTX_new(mac.get())};
};

HmacSha256::HmacSha256(const Secret& key) : state_(std::make_unique<State>()) {
  char digest_name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
                                   OSSL_PARAM_construct_end()};
  const ByteView bytes = key.reveal();
  if (bytes.empty() || !state_->context ||
      EVP_MAC_init(state_->context.get(), bytes.data(), bytes.size(), parameters) != 1) {
    throw std::runtime_error("HMAC-SHA-256 failed");
  }
}
HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

void HmacSha256::add(ByteView piece) {
  if (EVP_MAC_update(state_->context.get(), piece.data(), piece.size()) != 1) {
    throw std::runtime_error("HMAC-SHA-256 failed");
  }
}

Digest HmacSha256::finish() {
  Digest digest{};
  std::size_t size = 0;
  if (EVP_MAC_final(state_->context.get(), digest.data(), &size, digest.size()) != 1 || size != digest.size()) {
    throw std::runtime_error("HMAC-SHA-256 failed");
  }
  return digest;
}

Secret hkdf_sha256(const Secret& key, ByteView info, std::size_t size_bytes) {
  // Fetching the algorithm costs more than running it, so it is fetched once.
  static const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr),
                                                                     &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()),
                                                                          &EVP_KDF_CTX_free);
  const ByteView bytes = key.reveal();
  char digest_name[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(bytes.data()), bytes.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<std::uint8_t*>(info.data()), info.size()),
      OSSL_PARAM_construct_end()};
  Secret out(size_bytes);
  if (bytes.empty() || !context || EVP_KDF_derive(context.get(), out.writable().data(), out.size(), parameters) != 1) {
    throw std::runtime_error("HKDF-SHA-256 failed");
  }
  return out;
}

}  // namespace countersign
