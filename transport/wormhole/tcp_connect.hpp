// A connection to a name or an address, which does not block for longer than it may.
#pragma once

#include <cstdint>
#include <string>

#include "storage/base/file_descriptor.hpp"
#include "transport/wormhole/waiting.hpp"

namespace countersign::transport::wormhole {

// A socket that does not block. Names are looked up in a thread of their own, since the system's resolver cannot be
// interrupted; one that is given up ends by itself. network_failed; failed when stopped.
Result<FileDescriptor> tcp_connect(const std::string& host, std::uint16_t port, const Patience& patience);

}  // namespace countersign::transport::wormhole
