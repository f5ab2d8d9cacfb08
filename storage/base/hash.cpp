#include "storage/base/hash.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <new>
#include <stdexcept>
#include <string>

#include "storage/base/handle.hpp"

namespace countersign {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::uint8_t kInnerPad = 0x36;
constexpr std::uint8_t kOuterPad = 0x5c;

using Context = std::unique_ptr<EVP_MD_CTX, GiveBack<&EVP_MD_CTX_free>>;

void require(int done, const char* what) {
  if (done != 1) throw std::runtime_error(std::string(what) + " failed");
}

// Looking an algorithm up costs more than hashing a record with it, so it is done once.
const EVP_MD* sha256_algorithm() {
  static const std::unique_ptr<EVP_MD, GiveBack<&EVP_MD_free>> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  return algorithm.get();
}

void add_to(const Context& context, ByteView bytes) {
  require(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()), "SHA-256");
}

void begin(const Context& context, ByteView pad) {
  require(EVP_DigestInit_ex(context.get(), sha256_algorithm(), nullptr), "SHA-256");
  add_to(context, pad);
}

Digest end(const Context& context) {
  Digest digest{};
  require(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr), "SHA-256");
  return digest;
}

// HMAC is the hash of the outer pad and the hash of the inner pad and the message (RFC 2104 §2).
Context begun(ByteView inner_pad) {
  Context context(EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  begin(context, inner_pad);
  return context;
}

Digest closed(const Context& context, ByteView outer_pad) {
  const Digest inner = end(context);
  begin(context, outer_pad);
  add_to(context, inner);
  return end(context);
}

}  // namespace

Digest sha256(ByteView bytes) {
  Digest digest{};
  require(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, sha256_algorithm(), nullptr), "SHA-256");
  return digest;
}

std::array<std::uint8_t, 20> sha1(ByteView bytes) {
  std::array<std::uint8_t, 20> digest{};
  require(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr), "SHA-1");
  return digest;
}

HmacSha256Key::HmacSha256Key(const Secret& key) : pads_(2 * kBlockBytes) {
  if (key.empty()) throw std::runtime_error("HMAC-SHA-256 without a key");
  Digest short_key{};
  ByteView bytes = key.reveal();
  if (bytes.size() > kBlockBytes) {
    short_key = sha256(bytes);
    bytes = short_key;
  }
  const std::span<std::uint8_t> pads = pads_.writable();
  for (std::size_t i = 0; i < kBlockBytes; ++i) {
    const std::uint8_t byte = i < bytes.size() ? bytes[i] : 0;
    pads[i] = byte ^ kInnerPad;
    pads[kBlockBytes + i] = byte ^ kOuterPad;
  }
  OPENSSL_cleanse(short_key.data(), short_key.size());
}

ByteView HmacSha256Key::inner() const {
  return pads_.reveal().first(kBlockBytes);
}
ByteView HmacSha256Key::outer() const {
  return pads_.reveal().last(kBlockBytes);
}

Digest HmacSha256Key::tag(std::initializer_list<ByteView> pieces) const {
  const Context context = begun(inner());
  for (const ByteView piece : pieces) add_to(context, piece);
  return closed(context, outer());
}

Digest hmac_sha256(const Secret& key, ByteView message) {
  return HmacSha256Key(key).tag({message});
}

struct HmacSha256::State {
  explicit State(const Secret& secret) : key(secret), context(begun(key.inner())) {}
  HmacSha256Key key;
  Context context;
};

HmacSha256::HmacSha256(const Secret& key) : state_(std::make_unique<State>(key)) {}
HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

void HmacSha256::add(ByteView piece) {
  add_to(state_->context, piece);
}

Digest HmacSha256::finish() {
  return closed(state_->context, state_->key.outer());
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
