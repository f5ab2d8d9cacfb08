#include "storage/base/hash.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace countersign;

namespace {

Bytes bytes_of(std::string_view digits) {
  return from_hex(digits).value();
}
std::string hmac(std::string_view key, std::string_view message) {
  return hex(hmac_sha256(Secret(bytes_of(key)), bytes_of(message)));
}
std::string repeat(std::string_view digits, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += digits;
  return out;
}

// RFC 5869 written out over HMAC, with the empty salt that is as many zeros as the hash has bytes.
Bytes hkdf_by_hand(ByteView key, ByteView info, std::size_t size) {
  const Secret extracted{ByteView(hmac_sha256(Secret(Bytes(32, 0)), key))};
  Bytes out, block;
  for (std::uint8_t counter = 1; out.size() < size; ++counter) {
    append(block, info);
    block.push_back(counter);
    const Digest next = hmac_sha256(extracted, block);
    block.assign(next.begin(), next.end());
    append(out, block);
  }
  out.resize(size);
  return out;
}

}  // namespace

TEST_CASE("SHA-256 gives the digests of FIPS 180-4") {
  CHECK(hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex(sha256(Bytes(1'000'000, 'a'))) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("HMAC-SHA-256 gives the results of RFC 4231") {
  CHECK(hmac(repeat("0b", 20), "4869205468657265") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac("4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac(repeat("aa", 20), repeat("dd", 50)) == "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(hmac("0102030405060708090a0b0c0d0e0f10111213141516171819", repeat("cd", 50)) ==
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  CHECK(hmac(repeat("aa", 131), hex(as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hmac(repeat("aa", 131), hex(as_bytes("This is a test using a larger than block-size key and a larger than "
                                             "block-size data. The key needs to be hashed before being used by the "
                                             "HMAC algorithm."))) ==
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST_CASE("a key made ready gives the tag of its pieces one after the other, for any thread") {
  for (const std::size_t key_size : {1u, 32u, 63u, 64u, 65u, 131u}) {
    const Secret key(Bytes(key_size, 0x42));
    const HmacSha256Key ready(key);
    CAPTURE(key_size);
    CHECK(ready.tag({}) == hmac_sha256(key, {}));
    CHECK(ready.tag({as_bytes("a"), {}, as_bytes("bc")}) == hmac_sha256(key, as_bytes("abc")));
    CHECK(ready.tag({as_bytes("abc")}) == hmac_sha256(key, as_bytes("abc")));
    HmacSha256 slowly(key);
    slowly.add(as_bytes("ab"));
    slowly.add(as_bytes("c"));
    CHECK(slowly.finish() == hmac_sha256(key, as_bytes("abc")));
  }
  const HmacSha256Key ready(Secret(Bytes(32, 0x17)));
  const Bytes message(1000, 'm');
  const Digest expected = ready.tag({message});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) wrong += ready.tag({message}) == expected ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("an empty message is a message and an empty key is no key") {
  CHECK(hmac("00", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  CHECK_THROWS_AS(hmac_sha256(Secret(), as_bytes("message")), std::runtime_error);
  CHECK_THROWS_AS(HmacSha256Key(Secret()), std::runtime_error);
  CHECK_THROWS_AS(HmacSha256(Secret()), std::runtime_error);
  CHECK_THROWS_AS(hkdf_sha256(Secret(), as_bytes("info"), 32), std::runtime_error);
}

TEST_CASE("HKDF-SHA-256 gives the result of RFC 5869 with an empty salt") {
  const Secret key(Bytes(22, 0x0b));  // test case 3
  CHECK(hex(hkdf_sha256(key, {}, 42).reveal()) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("HKDF-SHA-256 takes any size of key and info that the formats need") {
  for (const std::size_t info_size : {0u, 1u, 31u, 64u, 500u, 1000u, 1025u, 2048u, 5000u}) {
    for (const std::size_t size : {1u, 16u, 32u, 33u, 64u, 100u}) {
      const Bytes key(32, 0x42);
      const Bytes info(info_size, 0x17);
      CAPTURE(info_size, size);
      CHECK(hex(hkdf_sha256(Secret(key), info, size).reveal()) == hex(hkdf_by_hand(key, info, size)));
    }
  }
}

TEST_CASE("an HMAC of pieces is that of the whole") {
  const Secret key(as_bytes("key"));
  const std::string message = "The quick brown fox jumps over the lazy dog";
  for (std::size_t at = 0; at <= message.size(); ++at) {
    HmacSha256 mac(key);
    mac.add(as_bytes(message).first(at));
    mac.add(as_bytes(message).subspan(at));
    CHECK(mac.finish() == hmac_sha256(key, as_bytes(message)));
  }
  CHECK_THROWS_AS(HmacSha256(Secret()), std::runtime_error);
}
