// Hashes and MACs as records need them, beside OpenSSL's calls that look the algorithm up each time.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "storage/base/hash.hpp"

using namespace countersign;

namespace {

constexpr std::size_t kTokenBytes = 43;
constexpr std::size_t kRecordBytes = 400;

void sha256_ours(benchmark::State& state) {
  const Bytes message(static_cast<std::size_t>(state.range(0)), 'm');
  for (auto _ : state) benchmark::DoNotOptimize(sha256(message));
}
BENCHMARK(sha256_ours)->Name("sha256/ours")->Arg(kTokenBytes)->Arg(kRecordBytes);

void sha256_looked_up(benchmark::State& state) {
  const Bytes message(static_cast<std::size_t>(state.range(0)), 'm');
  Digest digest{};
  for (auto _ : state) benchmark::DoNotOptimize(SHA256(message.data(), message.size(), digest.data()));
}
BENCHMARK(sha256_looked_up)->Name("sha256/SHA256()")->Arg(kTokenBytes)->Arg(kRecordBytes);

void hmac_ready(benchmark::State& state) {
  const HmacSha256Key key(Secret(Bytes(32, 0x17)));
  const Bytes message(kRecordBytes, 'm');
  for (auto _ : state) benchmark::DoNotOptimize(key.tag({message}));
}
BENCHMARK(hmac_ready)->Name("hmac/key made ready");

void hmac_once(benchmark::State& state) {
  const Secret key(Bytes(32, 0x17));
  const Bytes message(kRecordBytes, 'm');
  for (auto _ : state) benchmark::DoNotOptimize(hmac_sha256(key, message));
}
BENCHMARK(hmac_once)->Name("hmac/key used once");

void hmac_derived(benchmark::State& state) {
  const Secret key(Bytes(32, 0x17));
  const Bytes message(kRecordBytes, 'm');
  for (auto _ : state) benchmark::DoNotOptimize(hmac_sha256(hkdf_sha256(key, as_bytes("info"), 32), message));
}
BENCHMARK(hmac_derived)->Name("hmac/key derived and used once");

void hmac_looked_up(benchmark::State& state) {
  const Bytes key(32, 0x17);
  const Bytes message(kRecordBytes, 'm');
  Digest digest{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(),
                                  message.size(), digest.data(), nullptr));
  }
}
BENCHMARK(hmac_looked_up)->Name("hmac/HMAC()");

}  // namespace
