// No text opens as a challenge that this server did not seal, and the fields of one that it did cannot be misread.
//
// An input is taken twice: as the text that a stranger sends, and as the body of a challenge, sealed here with the
// right key, so that the fields behind the tag are reached too.
#include "auth/records/sealed_challenge.hpp"
#include "tests/support/fuzz.hpp"
#include "tests/support/fuzz_secrets.hpp"

using namespace countersign;
using namespace countersign::auth;
using test::fuzz_secrets;

namespace {

constexpr std::size_t kHeadBytes = 1 + 8;  // version, key id
constexpr std::size_t kTagBytes = 16;

std::string sealed(ByteView body) {
  const secrets::SecretKey& key = fuzz_secrets().newest_seal_key();
  Bytes whole = {1};
  append(whole, *from_hex(key.id));
  append(whole, body);
  const Digest tag = hmac_sha256(hkdf_sha256(key.key, as_bytes("countersign challenge v1"), 32), whole);
  append(whole, ByteView(tag).first(kTagBytes));
  return base64url(whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const ByteView input(data, size_bytes);
  const auto from_stranger = records::open_challenge(as_text(input), fuzz_secrets());
  FUZZ_CHECK(!from_stranger.has_value());
  FUZZ_CHECK(from_stranger.error().code == ErrorCode::challenge_invalid);

  const std::string text = sealed(input);
  const auto opened = records::open_challenge(text, fuzz_secrets());
  if (!opened) {
    FUZZ_CHECK(opened.error().code == ErrorCode::challenge_invalid);
    return 0;
  }
  // Sealed again it is the same text: no two texts mean one challenge.
  FUZZ_CHECK(opened->sealed.text == text);
  FUZZ_CHECK(seal_challenge(opened->challenge, fuzz_secrets().newest_seal_key()).text == text);
  FUZZ_CHECK(opened->challenge.extra.size() <= size_bytes);
  FUZZ_CHECK(from_base64url(text)->size() == kHeadBytes + size_bytes + kTagBytes);
  return 0;
}
