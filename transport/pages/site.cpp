#include "transport/pages/site.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.hpp"

namespace countersign::transport::pages {
namespace {

constexpr std::size_t kReturnBytesMax = 2048;
constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

// Names and IPv4 addresses, in lower case: no user information, nothing escaped, no empty label.
bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), is_host_char) &&
         host.front() != '.' && host.front() != '-' && host.back() != '.' && host.find("..") == std::string_view::npos;
}

bool is_port(std::string_view port) {
  const auto number = parse_number(port);
  return number && *number >= 1 && *number <= 65535;
}

// HOST or HOST:PORT; nothing where it is neither.
std::optional<std::string_view> host_of(std::string_view authority) {
  const std::size_t colon = authority.find(':');
  if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return std::nullopt;
  const std::string_view host = authority.substr(0, colon);
  return is_plain_host(host) ? std::optional<std::string_view>(host) : std::nullopt;
}

bool is_below(std::string_view host, std::string_view domain) {
  if (domain.empty()) return false;
  return host == domain ||
         (host.size() > domain.size() + 1 && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

// What browsers read otherwise than it looks: a backslash is a slash to them, and tabs and line ends are left out.
bool is_address_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\\\"<>^`{|}").find(c) == std::string_view::npos;
  });
}

tl::unexpected<Error> refuse_site(const std::string& why) {
  return fail(ErrorCode::invalid_settings, why);
}

std::string cookie(const Site& site, const std::string& name, std::string_view value, long seconds,
                   const std::string& domain) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}{}", name, value, seconds,
                     site.tls ? "; Secure" : "", domain.empty() ? "" : "; Domain=" + domain);
}

}  // namespace

Result<Site> parse_site(std::string_view server, std::string_view cookie_domain) {
  const bool tls = server.starts_with(kHttps);
  if (!tls && !server.starts_with(kHttp)) return refuse_site("the server's name is no https:// URL, as pages need it");
  const std::size_t begin = tls ? kHttps.size() : kHttp.size();
  std::string_view authority = server.substr(begin);
  if (authority.ends_with('/')) authority.remove_suffix(1);
  // A browser leaves it out of the origin that it sends (RFC 6454, section 6.2).
  const std::string_view default_port = tls ? ":443" : ":80";
  if (authority.ends_with(default_port)) authority.remove_suffix(default_port.size());
  const auto host = host_of(authority);
  if (!host) return refuse_site("the server's name is no URL of a host alone, in lower case, as pages need it");
  if (!tls && *host != "localhost" && !host->starts_with("127.")) {
    return refuse_site("without TLS pages are for this machine alone: the server's name is no https:// URL");
  }
  if (!cookie_domain.empty()) {
    if (!tls || !is_plain_host(cookie_domain) || cookie_domain.find('.') == std::string_view::npos) {
      return refuse_site("a domain such as example.org, of a server with an https:// URL");
    }
    if (!is_below(*host, cookie_domain)) return refuse_site("the server is not in that domain");
  }
  return Site{std::string(server.substr(0, begin)) + std::string(authority), tls, std::string(cookie_domain)};
}

std::optional<std::string> judge_return(const Site& site, std::string_view address) {
  if (address.empty() || address.size() > kReturnBytesMax || !is_address_text(address)) return std::nullopt;
  if (address.front() == '/') {
    // Two slashes begin another host.
    if (address.starts_with("//")) return std::nullopt;
    return std::string(address);
  }
  if (address == site.origin || address.starts_with(site.origin + "/")) return std::string(address);
  if (!address.starts_with(kHttps)) return std::nullopt;
  const std::string_view rest = address.substr(kHttps.size());
  const auto host = host_of(rest.substr(0, rest.find_first_of("/?#")));
  if (!host || !is_below(*host, site.cookie_domain)) return std::nullopt;
  return std::string(address);
}

bool is_own_request(const Site& site, std::string_view origin, std::string_view fetch_site) {
  if (origin.empty() && fetch_site.empty()) return false;
  return (origin.empty() || origin == site.origin) && (fetch_site.empty() || fetch_site == "same-origin");
}

std::string content_policy(const Site& site) {
  const std::string applications =
      site.cookie_domain.empty() ? "" : fmt::format(" https://{0} https://*.{0}", site.cookie_domain);
  return fmt::format(
      "default-src 'none'; style-src {0}; script-src {0}; form-action 'self'{1}; frame-ancestors 'none'; base-uri "
      "'none'",
      site.origin, applications);
}

std::string session_cookie_name(const Site& site) {
  if (!site.tls) return "countersign";
  return site.cookie_domain.empty() ? "__Host-countersign" : "__Secure-countersign";
}

std::string attempt_cookie_name(const Site& site) {
  return site.tls ? "__Host-countersign-attempt" : "countersign-attempt";
}

std::string_view find_cookie(std::string_view cookies, std::string_view name) {
  std::optional<std::string_view> found;
  for (const std::string_view pair : split(cookies, ';')) {
    const std::string_view one = pair.substr(std::min(pair.find_first_not_of(' '), pair.size()));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || one.substr(0, equals) != name) continue;
    if (found) return {};
    found = one.substr(equals + 1);
  }
  return found.value_or(std::string_view());
}

std::string set_session_cookie(const Site& site, std::string_view value, long seconds) {
  return cookie(site, session_cookie_name(site), value, seconds, site.cookie_domain);
}

std::string set_attempt_cookie(const Site& site, std::string_view value, long seconds) {
  return cookie(site, attempt_cookie_name(site), value, seconds, "");
}

std::string end_session_cookie(const Site& site) {
  return set_session_cookie(site, "", 0);
}

std::string end_attempt_cookie(const Site& site) {
  return set_attempt_cookie(site, "", 0);
}

}  // namespace countersign::transport::pages
