#include "transport/wormhole/mailbox_url.hpp"

#include <algorithm>

#include "storage/base/text.hpp"
#include "transport/http/address.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr std::size_t kMailboxHostBytesMax = 253;
constexpr std::uint16_t kPortOfTls = 443;
constexpr std::uint16_t kPortOfPlain = 80;

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMailboxHostBytesMax && host.front() != '-' && host.front() != '.' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

bool is_loopback(std::string_view host) {
  const auto address = http::parse_address(host);  // not of a name, which leads where its owner wants
  return host == "localhost" || (address && address->is_loopback());
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_ascii);
  return out;
}

}  // namespace

std::string MailboxUrl::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? kPortOfTls : kPortOfPlain) ? name : name + ":" + std::to_string(port);
}

std::string MailboxUrl::text() const {
  return (tls ? "wss://" : "ws://") + authority() + std::string(kMailboxPath);
}

bool MailboxUrl::is_onion() const {
  return host.ends_with(".onion");
}

Result<MailboxUrl> parse_mailbox_url(std::string_view text, InsecureMailbox insecure) {
  const auto refused = [&](const std::string& why) {
    return fail(ErrorCode::usage, "not the URL of a mailbox: " + escape_for_display(text, 128) + ": " + why);
  };
  MailboxUrl url;
  const std::size_t colon = text.find("://");
  const std::string scheme = lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (scheme != "wss" && scheme != "ws") {
    return refused("it begins with wss://" + std::string(scheme == "https" || scheme == "http"
                                                             ? ", since a mailbox is reached by WebSocket"
                                                             : ", as in wss://HOST/v1"));
  }
  url.tls = scheme == "wss";
  std::string_view rest = text.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos) return refused("leave out what begins with #");
  if (rest.find('?') != std::string_view::npos) return refused("leave out what begins with ?");
  const std::size_t slash = rest.find('/');
  const std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  const std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos)
    return refused("a mailbox asks for no name or password: leave them out");
  if (path != kMailboxPath) return refused("it ends in /v1, the version of the protocol");

  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    url.host = lower(authority.substr(1, bracket == std::string_view::npos ? 0 : bracket - 1));
    if (url.host.find(':') == std::string::npos || !http::parse_address(url.host)) {
      return refused("what stands in brackets is an IPv6 address");
    }
    port = authority.substr(bracket + 1);
  } else {
    url.host = lower(authority.substr(0, authority.find(':')));
    port = authority.substr(url.host.size());
    if (!is_host(url.host)) return refused("the host is a name or an address");
  }
  url.port = url.tls ? kPortOfTls : kPortOfPlain;
  if (!port.empty()) {
    const auto number = port.front() == ':' ? parse_number(port.substr(1)) : std::nullopt;
    if (!number || *number < 1 || *number > 65535) return refused("the port is a number from 1 to 65535");
    url.port = static_cast<std::uint16_t>(*number);
  }
  if (!url.tls && insecure == InsecureMailbox::refused && !is_loopback(url.host) && !url.is_onion()) {
    return refused("without TLS everybody on the way can be the mailbox: write wss://");
  }
  return url;
}

}  // namespace countersign::transport::wormhole
