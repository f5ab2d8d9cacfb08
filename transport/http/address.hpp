// Network addresses: of peers, of trusted proxies, and the one a request is counted under.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.hpp"

struct sockaddr_storage;

namespace countersign::transport::http {

// IPv4 is kept in its mapped form (RFC 4291 §2.5.5.2), so that a client is one client whichever socket it came by.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  bool is_loopback() const;
  // Of a network that is not the internet: private (RFC 1918), unique local (RFC 4193), or of the link alone.
  bool is_private() const;
  // 192.0.2.1 or 2001:db8::1.
  std::string text() const;
  // What connections are counted under: an IPv4 address, or the /64 of an IPv6 one.
  Address group() const;
  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;
};

// Numeric only: no names, no zone, no port, no brackets.
std::optional<Address> parse_address(std::string_view text);
// All zero for a family that is neither IPv4 nor IPv6.
Address address_of(const sockaddr_storage& from);

struct Network {
  Address base;
  unsigned prefix_bits = 128;  // of the mapped form

  bool contains(const Address& address) const;
};

// 10.0.0.0/8, 2001:db8::/32, or one address. Bits beyond the prefix must be zero: who writes 10.1.2.3/8 meant
// something else. invalid_settings.
Result<Network> parse_network(std::string_view text);

// Where a server listens.
struct ListenAddress {
  std::string host;          // a name or an address, IPv6 without its brackets
  std::uint16_t port = 0;    // 0: the system chooses one
  bool loopback = false;     // numerically, or by the name localhost
  bool private_use = false;  // numerically

  // HOST:PORT, [v6]:PORT.
  std::string text() const;
};
// invalid_settings.
Result<ListenAddress> parse_listen_address(std::string_view text);

bool is_trusted(const Address& address, std::span<const Network> proxies);

// The header in which a trusted proxy says whom a request is from. One alone counts: a proxy that sets the one passes a
// stranger's other along.
enum class ForwardedHeader : std::uint8_t {
  x_forwarded_for,
  forwarded,  // RFC 7239, of which `for` is read
};
std::string_view name_of(ForwardedHeader header);  // as HTTP has it

enum class Forwarding : std::uint8_t {
  none,         // the peer is no proxy of ours, and says nothing
  disregarded,  // the peer is no proxy of ours: what it says does not count
  read,         // up to an address that is no proxy of ours, or to the end
  missing,      // a proxy of ours says nothing
  unreadable,   // a proxy of ours says what is no address: `unknown`, an obfuscated name, garbage
};

// Whom a request is from: the peer; or, if that is a trusted proxy, the rightmost hop of its header that is not one,
// its port left out where it has one. Whatever a stranger wrote further left never counts. An element that is no
// address ends the walk at the hop that reported it.
struct Source {
  Address address;  // that hop too
  Forwarding forwarding = Forwarding::none;
};
Source source_of(const Address& peer, ForwardedHeader header, std::string_view value, std::span<const Network> proxies);

}  // namespace countersign::transport::http
