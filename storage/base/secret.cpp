#include "storage/base/secret.hpp"

#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstring>
#include <new>
#include <utility>

namespace countersign {
namespace {
constexpr std::size_t kSecureHeapBytes = 1u << 20;
constexpr std::size_t kSecureHeapUnitBytes = 32;
#ifdef __SANITIZE_ADDRESS__
// AddressSanitizer watches no heap but its own, and takes what is reachable from another alone for leaked.
constexpr bool kHasSecureHeap = false;
#else
constexpr bool kHasSecureHeap = true;
#endif
}  // namespace

Secret::Secret(std::size_t size_bytes) : size_(size_bytes) {
  if (size_ == 0) return;
  data_ = static_cast<std::uint8_t*>(OPENSSL_secure_zalloc(size_));
  if (data_ == nullptr) data_ = static_cast<std::uint8_t*>(OPENSSL_zalloc(size_));
  if (data_ == nullptr) throw std::bad_alloc();
}

Secret::Secret(ByteView bytes) : Secret(bytes.size()) {
  if (!bytes.empty()) std::memcpy(data_, bytes.data(), bytes.size());
}

Secret Secret::take(std::string& text) {
  Secret secret(as_bytes(text));
  wipe(text);
  return secret;
}

Secret Secret::take(Bytes& bytes) {
  Secret secret{ByteView(bytes)};
  wipe(bytes);
  return secret;
}

Secret::Secret(const Secret& other) : Secret(other.reveal()) {}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) *this = Secret(other);
  return *this;
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  if (data_ != nullptr) OPENSSL_secure_clear_free(data_, size_);
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// All of the buffer: it may have held a longer text before.
void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

void wipe(Bytes& bytes) {
  bytes.resize(bytes.capacity());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

void lock_secret_memory() {
  // Where the lock limit is too low OpenSSL falls back to unlocked pages; the rest still holds.
  if (kHasSecureHeap) CRYPTO_secure_malloc_init(kSecureHeapBytes, kSecureHeapUnitBytes);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace countersign
