#include "auth/records/sealed_challenge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "auth/records/fields.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kExtraBytesMax = 512;
constexpr std::size_t kTextBytesMax = 2048;
constexpr std::string_view kTagInfo = "countersign challenge v1";
constexpr std::string_view kNonceInfo = "countersign nonce v1";
constexpr std::string_view kCodeInfo = "countersign code v1";
constexpr std::string_view kNameInfo = "countersign name v1";
constexpr std::string_view kEpochInfo = "countersign epoch v1";
constexpr std::size_t kNameBlockBytes = 32;

Bytes tag_of(ByteView body, const secrets::SecretKey& key) {
  const Digest full = hmac_sha256(hkdf_sha256(key.key, as_bytes(kTagInfo), 32), body);
  return {full.begin(), full.begin() + kTagBytes};
}

SealedChallenge finished(Transport transport, ByteView sealed, const secrets::SecretKey& key) {
  Bytes info = to_bytes(kNonceInfo);
  append(info, sealed);
  SealedChallenge out{base64url(sealed), hex(sealed.last(kTagBytes)),
                      base64url(hkdf_sha256(key.key, info, 32).reveal())};
  if (transport == Transport::browser) out.code = code_of(out.tag, key);
  return out;
}

// To whole blocks, with blanks, which no username ends in: sizes then say little of the name.
std::string padded(std::string_view name) {
  std::string out(name);
  out.resize((name.size() + kNameBlockBytes - 1) / kNameBlockBytes * kNameBlockBytes, ' ');
  return out;
}

// Masks what nobody but the server is to read in a sealed challenge, and takes the mask off. The random bytes are new
// for each challenge, and so is the mask.
std::string masked(std::string text, std::string_view what, const Challenge& challenge, const secrets::SecretKey& key) {
  if (text.empty()) return text;
  Bytes info = to_bytes(what);
  append(info, challenge.random);
  const Secret mask = hkdf_sha256(key.key, info, text.size());
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(text[i] ^ mask.reveal()[i]);
  return text;
}

// A login's name: the response shows the sealed challenge, and whoever finds it on a stick is not to read a name there.
std::string masked_name(std::string name, const Challenge& challenge, const secrets::SecretKey& key) {
  return masked(std::move(name), kNameInfo, challenge, key);
}

// The epoch: who asks to enrol opens the challenge, and would read there whether the name was somebody's before.
std::uint64_t masked_epoch(const Challenge& challenge, const secrets::SecretKey& key) {
  Bytes bytes;
  append_integer(bytes, challenge.epoch, 8);
  std::uint64_t out = 0;
  for (const char byte : masked(to_string(bytes), kEpochInfo, challenge, key)) {
    out = (out << 8) | static_cast<std::uint8_t>(byte);
  }
  return out;
}

tl::unexpected<Error> refuse(const char* why) {
  return fail(ErrorCode::challenge_invalid, why);
}

// With version, key id and tag, and at least a byte between them.
Result<Bytes> bytes_of(std::string_view text) {
  if (text.size() > kTextBytesMax) return refuse("too long");
  auto bytes = from_base64url(text);
  if (!bytes) return refuse("not canonical base64url");
  if (bytes->size() <= 1 + kKeyIdBytes + kTagBytes) return refuse("too short");
  if (bytes->front() != kVersion) return refuse("of an unknown format version");
  return *std::move(bytes);
}

Result<Challenge> parse_fields(ByteView body, const secrets::SecretKey& key) {
  Fields fields(body);
  fields.take(1 + kKeyIdBytes);
  Challenge out;
  const auto purpose = static_cast<Purpose>(fields.integer(1));
  const auto transport = static_cast<Transport>(fields.integer(1));
  if (name_of(purpose).empty() || name_of(transport).empty()) return refuse("unknown purpose or transport");
  out.purpose = purpose;
  out.transport = transport;
  out.account = hex(fields.take(32));
  out.key = TRY(Fingerprint::from_bytes(fields.take(Fingerprint::kBytes)));
  out.epoch = fields.integer(8);
  out.issued_at = from_unix(static_cast<std::int64_t>(fields.integer(8)));
  out.expires_at = from_unix(static_cast<std::int64_t>(fields.integer(8)));
  const ByteView random = fields.take(out.random.size());
  std::copy(random.begin(), random.end(), out.random.begin());
  const ByteView context = fields.take(out.context.size());
  std::copy(context.begin(), context.end(), out.context.begin());
  out.server_key = TRY(Fingerprint::from_bytes(fields.take(Fingerprint::kBytes)));
  const std::size_t extra_bytes = fields.integer(2);
  if (extra_bytes > kExtraBytesMax) return refuse("malformed");
  out.extra = to_string(fields.take(extra_bytes));
  if (out.transport == Transport::browser) {
    const std::size_t browser_bytes = fields.integer(2);
    if (browser_bytes > kBrowserBytesMax) return refuse("malformed");
    out.browser = to_string(fields.take(browser_bytes));
  }
  if (!fields.complete()) return refuse("malformed");
  out.epoch = masked_epoch(out, key);
  if (out.purpose == Purpose::login) {
    const std::string name = masked_name(out.extra, out, key);
    out.extra = name.substr(0, name.find_last_not_of(' ') + 1);
    if (padded(out.extra) != name) return refuse("malformed");
  }
  return out;
}

}  // namespace

std::string code_of(std::string_view tag, const secrets::SecretKey& sealing_key) {
  constexpr std::uint64_t kCodes = 100'000'000;  // the remainder favours none by more than one in 10^11
  Bytes info = to_bytes(kCodeInfo);
  append(info, from_hex(tag).value_or(Bytes()));
  const Secret bytes = hkdf_sha256(sealing_key.key, info, 8);
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes.reveal()) number = (number << 8) | byte;
  return fmt::format("{:08}", number % kCodes);
}

Digest context_of(ByteView store_id, std::string_view server_name, std::int64_t restores) {
  Bytes all(store_id.begin(), store_id.end());
  all.push_back(0);
  append(all, as_bytes(server_name));
  if (restores > 0) {
    all.push_back(0);
    append_integer(all, static_cast<std::uint64_t>(restores), 8);
  }
  return sha256(all);
}

SealedChallenge seal_challenge(const Challenge& challenge, const secrets::SecretKey& sealing_key) {
  assert(challenge.extra.size() <= kExtraBytesMax && challenge.browser.size() <= kBrowserBytesMax);
  Bytes out;
  out.push_back(kVersion);
  append(out, from_hex(sealing_key.id).value_or(Bytes(kKeyIdBytes)));
  out.push_back(static_cast<std::uint8_t>(challenge.purpose));
  out.push_back(static_cast<std::uint8_t>(challenge.transport));
  append(out, from_hex(challenge.account).value_or(Bytes(32)));
  append(out, challenge.key.bytes());
  append_integer(out, masked_epoch(challenge, sealing_key), 8);
  append_integer(out, static_cast<std::uint64_t>(unix_seconds(challenge.issued_at)), 8);
  append_integer(out, static_cast<std::uint64_t>(unix_seconds(challenge.expires_at)), 8);
  append(out, challenge.random);
  append(out, challenge.context);
  append(out, challenge.server_key.bytes());
  const std::string extra = challenge.purpose == Purpose::login
                                ? masked_name(padded(challenge.extra), challenge, sealing_key)
                                : challenge.extra;
  append_integer(out, extra.size(), 2);
  append(out, as_bytes(extra));
  if (challenge.transport == Transport::browser) {
    append_integer(out, challenge.browser.size(), 2);
    append(out, as_bytes(challenge.browser));
  }
  append(out, tag_of(out, sealing_key));
  return finished(challenge.transport, out, sealing_key);
}

Result<OpenedChallenge> open_challenge(std::string_view text, const secrets::Secrets& secrets) {
  const Bytes bytes = TRY(bytes_of(text));
  const secrets::SecretKey* key = secrets.find_seal_key(hex(ByteView(bytes).subspan(1, kKeyIdBytes)));
  if (key == nullptr) return refuse("sealed with a key that this server does not have");
  const ByteView body = ByteView(bytes).first(bytes.size() - kTagBytes);
  if (!equal_constant_time(tag_of(body, *key), ByteView(bytes).last(kTagBytes)))
    return refuse("the tag does not match");
  Challenge challenge = TRY(parse_fields(body, *key));
  const Transport transport = challenge.transport;
  return OpenedChallenge{std::move(challenge), finished(transport, bytes, *key)};
}

Result<Purpose> purpose_claimed_in(std::string_view text) {
  const auto purpose = static_cast<Purpose>(TRY(bytes_of(text)).at(1 + kKeyIdBytes));
  if (name_of(purpose).empty()) return refuse("unknown purpose");
  return purpose;
}

Statement statement_of(const OpenedChallenge& opened, std::string_view server_name) {
  const Challenge& challenge = opened.challenge;
  Statement out;
  out.purpose = challenge.purpose;
  out.server = server_name;
  out.server_key = challenge.server_key;
  out.account = challenge.account;
  out.key = challenge.key;
  out.challenge = opened.sealed.text;
  out.nonce = opened.sealed.nonce;
  out.issued_at = challenge.issued_at;
  out.expires_at = challenge.expires_at;
  out.transport = challenge.transport;
  out.browser = challenge.browser;
  if (!extra_line_of(challenge.purpose).empty()) out.extra = challenge.extra;
  return out;
}

Status judge_challenge(const Challenge& challenge, Purpose purpose, const Digest& context, Instant now) {
  if (challenge.context != context) return fail(ErrorCode::challenge_of_another_server);
  if (now + kServerClockSkew < challenge.issued_at) return fail(ErrorCode::challenge_not_yet_valid);
  if (now >= challenge.expires_at) {
    return fail(ErrorCode::challenge_expired, "at " + format_time(challenge.expires_at));
  }
  if (challenge.purpose != purpose) return fail(ErrorCode::challenge_of_another_purpose);
  return ok();
}

}  // namespace countersign::auth::records
