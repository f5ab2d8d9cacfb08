#include "transport/pages/navigation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/percent.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::pages {
namespace {

constexpr std::string_view kReturn = "return=";
constexpr std::string_view kUnreserved = "-._~";  // beside letters and digits: RFC 3986, section 2.3

bool takes_html(std::string_view accept) {
  const auto ranges = split(accept, ',');
  return std::any_of(ranges.begin(), ranges.end(),
                     [](std::string_view range) { return trimmed(range.substr(0, range.find(';'))) == "text/html"; });
}

}  // namespace

bool is_navigation(const AskedAbout& asked) {
  if (asked.method != "GET" && asked.method != "HEAD") return false;
  return asked.fetch_mode.empty() ? takes_html(asked.accept) : asked.fetch_mode == "navigate";
}

std::string login_address(const Site& site, const AskedAbout& asked) {
  const std::string address = fmt::format("{}://{}{}", asked.proto, asked.host, asked.uri);
  const auto judged = asked.uri.starts_with('/') ? judge_return(site, address) : std::nullopt;
  return site.origin + "/login" + (judged ? "?return=" + percent_encode(*judged, kUnreserved) : "");
}

std::string return_in_query(std::string_view query) {
  if (!query.starts_with(kReturn)) return "";
  query.remove_prefix(kReturn.size());
  if (query.starts_with("https://") || query.starts_with("http://") || query.starts_with('/'))
    return std::string(query);
  // A parameter behind it is none of ours.
  return percent_decode(query.substr(0, query.find('&'))).value_or("");
}

}  // namespace countersign::transport::pages
