#include "auth/passwords/phc_string.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace countersign::auth::passwords {
namespace {

constexpr std::string_view kHead = "$argon2id$v=19$m=";
constexpr std::size_t kTextBytesMax = 256;

tl::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::record_unreadable, "password hash: " + std::string(why));
}

// What stands before `end`, which is taken with it; nothing where there is no such end.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return taken;
}

std::optional<std::uint32_t> number_between(std::string_view text, std::uint32_t least, std::uint32_t most) {
  if (text.starts_with('0')) return std::nullopt;  // from_chars takes that, and of all else digits alone
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

std::optional<Secret> from_unpadded(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  std::string padded;
  padded.reserve(text.size() + 3);  // once: a growing string would leave copies behind
  padded += text;
  while (padded.size() % 4 != 0) padded += '=';
  auto bytes = from_base64(padded);
  wipe(padded);
  if (!bytes) return std::nullopt;
  return Secret::take(*bytes);
}

std::string_view without_padding(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<PhcString> parse_phc_string(std::string_view text) {
  if (text.size() > kTextBytesMax) return refuse("too long");
  if (!text.starts_with(kHead)) return refuse("not Argon2id, version 19");
  text.remove_prefix(kHead.size());
  const auto memory = take_until(text, ",t=");
  const auto passes = memory ? take_until(text, ",p=") : std::nullopt;
  const auto lanes = passes ? take_until(text, "$") : std::nullopt;
  const auto salt = lanes ? take_until(text, "$") : std::nullopt;
  if (!salt) return refuse("a part is missing");
  const auto memory_kib = number_between(*memory, kMemoryKibMin, kMemoryKibMax);
  const auto pass_count = number_between(*passes, kPassesMin, kPassesMax);
  const auto lane_count = number_between(*lanes, kLanesMin, kLanesMax);
  if (!memory_kib || !pass_count || !lane_count) return refuse("a parameter is out of bounds");
  const auto salt_bytes = from_unpadded(*salt);
  if (!salt_bytes || salt_bytes->size() < kSaltBytes || salt_bytes->size() > kSaltBytesMax) return refuse("the salt");
  auto tag = from_unpadded(text);
  if (!tag || tag->size() != kTagBytes) return refuse("the tag");
  PhcString phc;
  phc.parameters = {*memory_kib, *pass_count, *lane_count};
  phc.salt = Bytes(salt_bytes->reveal().begin(), salt_bytes->reveal().end());
  phc.tag = *std::move(tag);
  return phc;
}

Secret write_phc_string(const PhcString& phc) {
  std::string tag = base64(phc.tag.reveal());
  std::string text;
  text.reserve(kTextBytesMax);
  text += fmt::format("{}{},t={},p={}${}$", kHead, phc.parameters.memory_kib, phc.parameters.passes,
                      phc.parameters.lanes, without_padding(base64(phc.salt)));
  text += without_padding(tag);
  wipe(tag);
  return Secret::take(text);
}

}  // namespace countersign::auth::passwords
