#include "transport/pages/navigation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.hpp"

namespace countersign::transport::pages {
namespace {

constexpr std::string_view kReturn = "return=";

bool takes_html(std::string_view accept) {
  const auto ranges = split(accept, ',');
  return std::any_of(ranges.begin(), ranges.end(),
                     [](std::string_view range) { return trimmed(range.substr(0, range.find(';'))) == "text/html"; });
}

bool is_unreserved(char c) {
  return (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// RFC 3986, section 2.1: everything but what is unreserved.
std::string encode_for_query(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower_ascii(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string decode_query(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return "";
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace

bool is_navigation(const AskedAbout& asked) {
  if (asked.method != "GET" && asked.method != "HEAD") return false;
  return asked.fetch_mode.empty() ? takes_html(asked.accept) : asked.fetch_mode == "navigate";
}

std::string login_address(const Site& site, const AskedAbout& asked) {
  const std::string address = fmt::format("{}://{}{}", asked.proto, asked.host, asked.uri);
  const auto judged = asked.uri.starts_with('/') ? judge_return(site, address) : std::nullopt;
  return site.origin + "/login" + (judged ? "?return=" + encode_for_query(*judged) : "");
}

std::string return_in_query(std::string_view query) {
  if (!query.starts_with(kReturn)) return "";
  query.remove_prefix(kReturn.size());
  if (query.starts_with("https://") || query.starts_with("http://") || query.starts_with('/'))
    return std::string(query);
  // A parameter behind it is none of ours.
  return decode_query(query.substr(0, query.find('&')));
}

}  // namespace countersign::transport::pages
