#include "auth/client/server_url.hpp"

#include <algorithm>

namespace countersign::auth::client {
namespace {

constexpr std::size_t kUrlBytesMax = 1024;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || others.find(c) != std::string_view::npos;
  });
}

// A name or an IPv4 address, or an IPv6 address in brackets.
bool is_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return consists_of(host.substr(1, host.size() - 2), ":.");
  }
  return !host.empty() && consists_of(host, ".-");
}

Result<std::string> normal_port(std::string_view port, std::string_view scheme) {
  while (port.size() > 1 && port.front() == '0') port.remove_prefix(1);
  const bool digits = std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || port.size() > 5 || std::stoul("0" + std::string(port)) > 65535) {
    return fail(ErrorCode::malformed_message, "the port of the URL is no port");
  }
  if (port.empty() || port == (scheme == "https" ? "443" : "80")) return std::string{};
  return ":" + std::string(port);
}

}  // namespace

Result<std::string> normal_url(std::string_view url) {
  if (url.size() > kUrlBytesMax) return fail(ErrorCode::malformed_message, "the URL is too long");
  if (url.find_first_of("?#") != std::string_view::npos) {
    return fail(ErrorCode::malformed_message, "a server's URL has no query and no fragment");
  }
  const auto colon = url.find("://");
  const std::string scheme = in_lower_case(url.substr(0, colon));
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return fail(ErrorCode::malformed_message, "a server's URL begins with https:// or http://");
  }
  std::string_view rest = url.substr(colon + 3);
  const auto slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!consists_of(path, "/-._~")) {
    return fail(ErrorCode::malformed_message, "a server's URL has no escapes in its path");
  }
  const auto port_at = authority.rfind(':');
  const bool has_port = port_at != std::string_view::npos && authority.find(']', port_at) == std::string_view::npos;
  const std::string_view host = has_port ? authority.substr(0, port_at) : authority;
  if (!is_host(host)) return fail(ErrorCode::malformed_message, "the URL names no host, or a user");
  const std::string port = TRY(normal_port(has_port ? authority.substr(port_at + 1) : std::string_view{}, scheme));
  return scheme + "://" + in_lower_case(host) + port + std::string(path);
}

bool is_same_url(std::string_view a, std::string_view b) {
  const auto left = normal_url(a);
  const auto right = normal_url(b);
  return left && right && *left == *right;
}

bool is_confidential_url(std::string_view url) {
  const auto normal = normal_url(url);
  if (!normal) return false;
  if (normal->starts_with("https://")) return true;
  const std::string_view authority = std::string_view(*normal).substr(7, normal->find('/', 7) - 7);
  const std::string_view host = authority.front() == '[' ? authority.substr(0, authority.find(']') + 1)
                                                         : authority.substr(0, authority.find(':'));
  // Dotted digits only: "127.0.0.1.example.org" is a name like any other.
  const bool v4_loopback = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return v4_loopback || host == "localhost" || host == "[::1]";
}

}  // namespace countersign::auth::client
