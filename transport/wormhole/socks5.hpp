// A way through a SOCKS 5 proxy (RFC 1928), without authentication: Tor, or ssh -D. Names are looked up by the proxy,
// so whoever watches this machine's resolver learns none, and onion addresses work.
#pragma once

#include <cstdint>
#include <string>

#include "transport/wormhole/byte_stream.hpp"

namespace countersign::transport::wormhole {

struct SocksProxy {
  std::string host;
  std::uint16_t port = 9050;
};

// Behind it the stream leads to the host. network_failed, with what the proxy says; failed when stopped.
Status connect_through(ByteStream& proxy, const std::string& host, std::uint16_t port, const Patience& patience);

}  // namespace countersign::transport::wormhole
