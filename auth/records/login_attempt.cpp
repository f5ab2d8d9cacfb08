#include "auth/records/login_attempt.hpp"

#include <algorithm>
#include <cassert>

#include "auth/records/fields.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::uint8_t kAttemptVersion = 1;
constexpr std::size_t kAttemptKeyIdBytes = 8;
constexpr std::size_t kAttemptTagBytes = 16;
constexpr std::size_t kAttemptTextBytesMax = 4096;
constexpr std::size_t kBrowserSecretBytes = 32;
constexpr std::string_view kAttemptInfo = "countersign attempt v1";

Bytes attempt_tag(ByteView body, const secrets::SecretKey& key) {
  const Digest full = hmac_sha256(hkdf_sha256(key.key, as_bytes(kAttemptInfo), 32), body);
  return {full.begin(), full.begin() + kAttemptTagBytes};
}

tl::unexpected<Error> refuse_attempt(const char* why) {
  return fail(ErrorCode::challenge_invalid, std::string("attempt: ") + why);
}

}  // namespace

Result<Secret> make_browser_secret(Rng& rng) {
  const Secret bytes = TRY(random_secret(rng, kBrowserSecretBytes));
  std::string text = base64url(bytes.reveal());
  return Secret::take(text);
}

Status check_browser_secret(std::string_view secret) {
  const auto bytes = from_base64url(secret.substr(0, 64));
  if (bytes && bytes->size() == kBrowserSecretBytes && secret.size() < 64) return ok();
  return fail(ErrorCode::malformed_message, "no browser's secret");
}

Digest browser_of(const Secret& secret) {
  return sha256(secret.reveal());
}

std::string seal_attempt(const LoginAttempt& attempt, const secrets::SecretKey& sealing_key) {
  assert(attempt.return_to.size() <= kReturnBytesMax);
  Bytes out;
  out.push_back(kAttemptVersion);
  append(out, from_hex(sealing_key.id).value_or(Bytes(kAttemptKeyIdBytes)));
  append_integer(out, static_cast<std::uint64_t>(unix_seconds(attempt.expires_at)), 8);
  append(out, attempt.random);
  append(out, attempt.browser);
  append(out, from_hex(attempt.challenge_tag).value_or(Bytes(16)));
  append_integer(out, attempt.return_to.size(), 2);
  append(out, as_bytes(attempt.return_to));
  append(out, attempt_tag(out, sealing_key));
  return base64url(out);
}

Result<LoginAttempt> open_attempt(std::string_view text, const secrets::Secrets& secrets) {
  if (text.size() > kAttemptTextBytesMax) return refuse_attempt("too long");
  const auto bytes = from_base64url(text);
  if (!bytes) return refuse_attempt("not canonical base64url");
  if (bytes->size() <= 1 + kAttemptKeyIdBytes + kAttemptTagBytes) return refuse_attempt("too short");
  if (bytes->front() != kAttemptVersion) return refuse_attempt("of an unknown format version");
  const ByteView all(*bytes);
  const secrets::SecretKey* key = secrets.find_seal_key(hex(all.subspan(1, kAttemptKeyIdBytes)));
  if (key == nullptr) return refuse_attempt("sealed with a key that this server does not have");
  const ByteView body = all.first(all.size() - kAttemptTagBytes);
  if (!equal_constant_time(attempt_tag(body, *key), all.last(kAttemptTagBytes))) {
    return refuse_attempt("the tag does not match");
  }
  Fields fields(body);
  fields.take(1 + kAttemptKeyIdBytes);
  LoginAttempt out;
  out.expires_at = from_unix(static_cast<std::int64_t>(fields.integer(8)));
  const ByteView random = fields.take(out.random.size());
  std::copy(random.begin(), random.end(), out.random.begin());
  const ByteView browser = fields.take(out.browser.size());
  std::copy(browser.begin(), browser.end(), out.browser.begin());
  out.challenge_tag = hex(fields.take(16));
  const std::size_t return_bytes = fields.integer(2);
  if (return_bytes > kReturnBytesMax) return refuse_attempt("malformed");
  out.return_to = to_string(fields.take(return_bytes));
  if (!fields.complete()) return refuse_attempt("malformed");
  return out;
}

Status judge_attempt(const LoginAttempt& attempt, const Digest& browser, std::string_view challenge_tag, Instant now) {
  if (!equal_constant_time(attempt.browser, browser)) return refuse_attempt("of another browser");
  if (now >= attempt.expires_at) return fail(ErrorCode::challenge_expired, "attempt");
  if (attempt.challenge_tag != challenge_tag) return refuse_attempt("the response answers another challenge");
  return ok();
}

}  // namespace countersign::auth::records
