#include "auth/records/login_attempt.hpp"

#include <algorithm>
#include <optional>

#include "auth/base/account_id.hpp"
#include "auth/records/fields.hpp"
#include "auth/records/sealed_challenge.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::uint8_t kAttemptVersion = 2;
constexpr std::size_t kAttemptKeyIdBytes = 8;
constexpr std::size_t kAttemptTagBytes = 16;
constexpr std::size_t kAttemptTextBytesMax = 2048;
constexpr std::size_t kBrowserSecretBytes = 32;
constexpr std::string_view kAttemptInfo = "countersign attempt v2";

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

BrowserMark mark_of(const Secret& secret) {
  const Digest digest = sha256(secret.reveal());
  BrowserMark mark{};
  std::copy_n(digest.begin(), mark.size(), mark.begin());
  return mark;
}

std::string seal_attempt(const LoginAttempt& attempt, const secrets::SecretKey& sealing_key) {
  Bytes out;
  out.push_back(kAttemptVersion);
  append(out, from_hex(sealing_key.id).value_or(Bytes(kAttemptKeyIdBytes)));
  append_integer(out, static_cast<std::uint64_t>(unix_seconds(attempt.expires_at)), 8);
  append_integer(out, static_cast<std::uint64_t>((attempt.expires_at - attempt.issued_at).count()), 4);
  append(out, attempt.random);
  append(out, from_hex(attempt.challenge_tag).value_or(Bytes(16)));
  append(out, attempt.owner);
  append_integer(out, attempt.username.size(), 2);
  append(out, as_bytes(attempt.username));
  append_integer(out, attempt.browser.size(), 2);
  append(out, as_bytes(attempt.browser));
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
  out.issued_at = out.expires_at - Seconds(fields.integer(4));
  const ByteView random = fields.take(out.random.size());
  std::copy(random.begin(), random.end(), out.random.begin());
  out.challenge_tag = hex(fields.take(16));
  const ByteView owner = fields.take(out.owner.size());
  std::copy(owner.begin(), owner.end(), out.owner.begin());
  const auto text_of = [&](std::size_t most) -> std::optional<std::string> {
    const std::size_t length = fields.integer(2);
    return length > most ? std::nullopt : std::optional(to_string(fields.take(length)));
  };
  const auto username = text_of(kUsernameBytesMax);
  const auto browser = username ? text_of(kBrowserBytesMax) : std::nullopt;
  if (!browser || !fields.complete()) return refuse_attempt("malformed");
  out.username = *username;
  out.browser = *browser;
  out.code = code_of(out.challenge_tag, *key);
  return out;
}

Status judge_attempt(const LoginAttempt& attempt, const BrowserMark& browser, Instant now) {
  if (!equal_constant_time(attempt.owner, browser)) return refuse_attempt("of another browser");
  if (now >= attempt.expires_at) return fail(ErrorCode::challenge_expired, "attempt");
  return ok();
}

}  // namespace countersign::auth::records
