#include "transport/http/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "storage/base/text.hpp"

namespace countersign::transport::http {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Address mapped(const in_addr& v4) {
  Address address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + kMapped.size(), &v4.s_addr, 4);
  return address;
}

Address masked(Address address, unsigned bits) {
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const unsigned kept = bits > i * 8 ? std::min(8u, bits - static_cast<unsigned>(i) * 8) : 0;
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xff00u >> kept));
  }
  return address;
}

// 192.0.2.1, 192.0.2.1:4711, 2001:db8::1, [2001:db8::1] or [2001:db8::1]:4711: some proxies write the port.
std::optional<Address> parse_hop(std::string_view text) {
  const std::size_t end = text.starts_with('[') ? text.find(']') : text.find(':');
  const bool bracketed = text.starts_with('[') && end != std::string_view::npos;
  const bool dotted = !bracketed && end != std::string_view::npos && text.find('.') < end;
  if (!bracketed && !dotted) return parse_address(text);
  const std::string_view host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  const std::string_view port = text.substr(bracketed ? end + 1 : end);
  if (!port.empty()) {
    const bool digits = port.size() > 1 && port.size() <= 6 && port.front() == ':' &&
                        std::all_of(port.begin() + 1, port.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return std::nullopt;
  }
  if (bracketed && host.find(':') == std::string_view::npos) return std::nullopt;
  return parse_address(host);
}

// Where the last part of a list begins. Read from its end, since there stands what was added last, and a quotation mark
// that a stranger left open before that must not swallow it.
std::size_t last_part(std::string_view list, char separator, bool quotes) {
  bool quoted = false;
  for (std::size_t at = list.size(); at > 0; --at) {
    const char c = list[at - 1];
    if (c == separator && !quoted) return at;
    if (c != '"' || !quotes) continue;
    // RFC 9110 §5.6.4: behind a backslash it is one of the text. None stands before the mark that opens.
    const std::size_t before = list.substr(0, at - 1).find_last_not_of('\\') + 1;
    if (!quoted || (at - 1 - before) % 2 == 0) quoted = !quoted;
  }
  return 0;
}

// The `for` of an element of Forwarded (RFC 7239 §4): for=192.0.2.60;proto=http, For="[2001:db8::1]:4711". IPv6 that
// lacks its quotation marks is taken, which some proxies write.
std::optional<Address> parse_element(std::string_view element) {
  std::optional<Address> found;
  bool more = true;
  while (more) {
    const std::size_t begin = last_part(element, ';', true);
    const std::string_view pair = trimmed(element.substr(begin));
    more = begin > 0;
    if (more) element = element.substr(0, begin - 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = pair.substr(0, equals);
    const bool is_for =
        name.size() == 3 && lower_ascii(name[0]) == 'f' && lower_ascii(name[1]) == 'o' && lower_ascii(name[2]) == 'r';
    if (!is_for) continue;
    if (found) return std::nullopt;
    std::string_view node = pair.substr(equals + 1);
    if (node.size() >= 2 && node.front() == '"' && node.back() == '"') node = node.substr(1, node.size() - 2);
    found = parse_hop(node);
    if (!found) return std::nullopt;
  }
  return found;
}

}  // namespace

bool Address::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

bool Address::is_loopback() const {
  if (is_v4()) return bytes[12] == 127;
  Address one;
  one.bytes[15] = 1;
  return *this == one;
}

bool Address::is_private() const {
  static const std::array kPrivate = {parse_network("10.0.0.0/8").value(),     parse_network("172.16.0.0/12").value(),
                                      parse_network("192.168.0.0/16").value(), parse_network("fc00::/7").value(),
                                      parse_network("169.254.0.0/16").value(), parse_network("fe80::/10").value()};
  return is_trusted(*this, kPrivate);
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const void* from = is_v4() ? bytes.data() + kMapped.size() : bytes.data();
  if (inet_ntop(is_v4() ? AF_INET : AF_INET6, from, out.data(), static_cast<socklen_t>(out.size())) == nullptr)
    return "";
  return out.data();
}

Address Address::group() const {
  return is_v4() ? *this : masked(*this, 64);
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy(text);  // inet_pton wants a terminated string
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return mapped(v4);
  in6_addr v6{};
  if (inet_pton(AF_INET6, copy.c_str(), &v6) != 1) return std::nullopt;
  Address address;
  std::memcpy(address.bytes.data(), v6.s6_addr, address.bytes.size());
  return address;
}

Address address_of(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    return mapped(v4.sin_addr);
  }
  Address address;
  if (from.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from, sizeof v6);
    std::memcpy(address.bytes.data(), v6.sin6_addr.s6_addr, address.bytes.size());
  }
  return address;
}

bool Network::contains(const Address& address) const {
  return masked(address, prefix_bits) == base;
}

Result<Network> parse_network(std::string_view text) {
  const auto refused = [&](std::string_view why) {
    return fail(ErrorCode::invalid_settings, "trusted proxy " + std::string(text) + ": " + std::string(why));
  };
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return refused("not an address");
  Network network{*address, 128};
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || bits > (dotted ? 32u : 128u)) {
    return refused("not a prefix length");
  }
  network.prefix_bits = dotted ? bits + 96 : bits;
  if (!network.contains(*address)) return refused("has bits beyond its prefix");
  return network;
}

std::string ListenAddress::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto refuse = [](std::string why) { return fail(ErrorCode::invalid_settings, std::move(why)); };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("HOST:PORT, for example 127.0.0.1:8420");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  ListenAddress address;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return refuse("the port is a number from 0 to 65535");
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool fits = !host.empty() && host.size() <= 253 && bracketed == (host.find(':') != std::string_view::npos) &&
                    std::all_of(host.begin(), host.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                             c == '-' || c == ':';
                    });
  if (!fits) return refuse("the host is a name or an address, IPv6 in brackets");
  address.host = host;
  const auto numeric = parse_address(host);
  address.loopback = numeric ? numeric->is_loopback() : host == "localhost";
  address.private_use = numeric && numeric->is_private();
  return address;
}

bool is_trusted(const Address& address, std::span<const Network> proxies) {
  return std::any_of(proxies.begin(), proxies.end(), [&](const Network& network) { return network.contains(address); });
}

std::string_view name_of(ForwardedHeader header) {
  switch (header) {
    case ForwardedHeader::x_forwarded_for:
      return "X-Forwarded-For";
    case ForwardedHeader::forwarded:
      return "Forwarded";
  }
  return "";
}

Source source_of(const Address& peer, ForwardedHeader header, std::string_view value,
                 std::span<const Network> proxies) {
  std::string_view rest = trimmed(value);
  Source source{peer, Forwarding::read};
  if (!is_trusted(peer, proxies)) {
    source.forwarding = rest.empty() ? Forwarding::none : Forwarding::disregarded;
    return source;
  }
  if (rest.empty()) source.forwarding = Forwarding::missing;
  while (!rest.empty() && is_trusted(source.address, proxies)) {
    const bool quotes = header == ForwardedHeader::forwarded;
    const std::size_t begin = last_part(rest, ',', quotes);
    const std::string_view element = trimmed(rest.substr(begin));
    const auto hop = quotes ? parse_element(element) : parse_hop(element);
    if (!hop) {
      source.forwarding = Forwarding::unreadable;
      return source;
    }
    source.address = *hop;
    rest = begin == 0 ? std::string_view{} : rest.substr(0, begin - 1);
  }
  return source;
}

}  // namespace countersign::transport::http
