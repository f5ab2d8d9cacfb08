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
  return address;
}

bool is_trusted(const Address& address, std::span<const Network> proxies) {
  return std::any_of(proxies.begin(), proxies.end(), [&](const Network& network) { return network.contains(address); });
}

Address source_of(const Address& peer, std::string_view forwarded_for, std::span<const Network> proxies) {
  Address source = peer;
  std::string_view rest = trimmed(forwarded_for);
  while (!rest.empty() && is_trusted(source, proxies)) {
    const std::size_t comma = rest.rfind(',');
    const bool last = comma == std::string_view::npos;
    const auto hop = parse_hop(trimmed(last ? rest : rest.substr(comma + 1)));
    if (!hop) return source;
    source = *hop;
    rest = last ? std::string_view{} : rest.substr(0, comma);
  }
  return source;
}

}  // namespace countersign::transport::http
