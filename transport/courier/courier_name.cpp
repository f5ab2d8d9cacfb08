#include "transport/courier/courier_name.hpp"

#include <algorithm>

#include "auth/openpgp/gate/armor.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::courier {
namespace {

constexpr std::string_view kResponseSuffix = ".response.asc";
constexpr std::string_view kEnrolSuffix = ".enrol.asc";
constexpr std::size_t kDerivedIdDigits = 16;
constexpr std::string_view kServerPrefix = "server-";
constexpr std::string_view kArmorSuffix = ".asc";
constexpr EnumNames<OutboxKind::challenge, OutboxKind::refused> kOutboxSuffixes(".challenge.asc", ".session.asc",
                                                                                ".refused.txt");
constexpr EnumNames<InboxKind::response, InboxKind::enrol> kInboxSuffixes(kResponseSuffix, kEnrolSuffix);

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// ASCII only, whatever the locale.
std::string folded(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view suffix_of(OutboxKind kind) {
  return kOutboxSuffixes.of(kind);
}

std::string_view suffix_of(InboxKind kind) {
  return kInboxSuffixes.of(kind);
}

std::string derived_id(std::string_view text) {
  return hex(sha256(as_bytes(text))).substr(0, kDerivedIdDigits);
}

}  // namespace

bool is_file_id(std::string_view id) {
  return !id.empty() && id.size() <= kIdBytesMax && id.front() != '-' &&
         std::all_of(id.begin(), id.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

std::string outbox_name(std::string_view id, OutboxKind kind) {
  return std::string(id).append(suffix_of(kind));
}

std::optional<OutboxName> parse_outbox_name(std::string_view name) {
  for (const OutboxKind kind : {OutboxKind::challenge, OutboxKind::session, OutboxKind::refused}) {
    const std::string_view suffix = suffix_of(kind);
    if (!name.ends_with(suffix)) continue;
    const std::string_view id = name.substr(0, name.size() - suffix.size());
    if (is_file_id(id)) return OutboxName{std::string(id), kind};
  }
  return std::nullopt;
}

std::string server_file(std::string_view server_name) {
  return std::string(kServerPrefix).append(derived_id(server_name)).append(kArmorSuffix);
}

bool is_server_file(std::string_view name) {
  if (name == kOldServerFile) return true;
  if (!name.starts_with(kServerPrefix) || !name.ends_with(kArmorSuffix)) return false;
  name.remove_prefix(kServerPrefix.size());
  return is_lower_hex(name.substr(0, name.size() - kArmorSuffix.size()), kDerivedIdDigits);
}

std::string response_name(std::string_view id) {
  return std::string(id).append(kResponseSuffix);
}

std::optional<InboxKind> inbox_kind(std::string_view name) {
  if (name.empty() || name.size() > kInboxNameBytesMax || name.front() == '.' || name.front() == '-') {
    return std::nullopt;
  }
  const std::string lower = folded(name);
  if (!std::all_of(lower.begin(), lower.end(),
                   [](char c) { return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-'; })) {
    return std::nullopt;
  }
  for (const InboxKind kind : {InboxKind::response, InboxKind::enrol}) {
    if (lower.ends_with(suffix_of(kind))) return kind;
  }
  return std::nullopt;
}

std::optional<std::string> name_without_txt(std::string_view name) {
  constexpr std::string_view kTextSuffix = ".txt";
  if (!folded(name).ends_with(kTextSuffix)) return std::nullopt;
  name.remove_suffix(kTextSuffix.size());
  return inbox_kind(name) ? std::optional<std::string>(name) : std::nullopt;
}

std::optional<std::string> plain_name(std::string_view name) {
  if (inbox_kind(name)) return std::nullopt;
  std::string plain;
  for (const char c : folded(name)) {
    const bool is_plain = is_lower_or_digit(c) || c == '.' || c == '_' || c == '-';
    if (is_plain && !(c == '.' && plain.ends_with('-'))) {
      plain += c;
    } else if (is_plain) {
      plain.back() = c;
    } else if (!plain.empty() && !plain.ends_with('-')) {
      plain += '-';
    }
  }
  plain.erase(0, plain.find_first_not_of(".-"));
  return inbox_kind(plain) ? std::optional(plain) : std::nullopt;
}

std::string answer_id(std::string_view name, std::string_view text) {
  for (const std::string_view suffix : {kResponseSuffix, kEnrolSuffix}) {
    if (!name.ends_with(suffix)) continue;
    const std::string_view base = name.substr(0, name.size() - suffix.size());
    if (is_file_id(base)) return std::string(base);
  }
  return derived_id(text);
}

std::string done_name(std::string_view name) {
  return folded(name);
}

std::string done_name_by_text(std::string_view name, std::string_view text) {
  const auto kind = inbox_kind(name);
  return derived_id(text).append(suffix_of(kind.value_or(InboxKind::response)));
}

bool is_whole(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return false;
  text = text.substr(0, last + 1);
  if (const auto line_end = text.rfind('\n'); line_end != std::string_view::npos) text.remove_prefix(line_end + 1);
  return auth::openpgp::gate::is_end_line(text);
}

}  // namespace countersign::transport::courier
