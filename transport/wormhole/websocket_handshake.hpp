// The opening of a WebSocket by a client (RFC 6455 §4.1): an HTTP request, and the only answer to it that is taken.
#pragma once

#include <string>
#include <string_view>

#include "auth/base/rng.hpp"
#include "storage/base/result.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::size_t kHandshakeBytesMax = 8u << 10;

// Sec-WebSocket-Key: 16 random bytes in base64. entropy_unavailable.
Result<std::string> draw_websocket_key(auth::Rng& rng);
// `authority` as in a Host header.
std::string write_websocket_request(std::string_view authority, std::string_view path, std::string_view key);
// What Sec-WebSocket-Accept has to be.
std::string websocket_accept(std::string_view key);
// `head` is all that comes before the empty line. network_failed for anything but the acceptance of this key, without
// extensions and subprotocols, since none were offered; the detail says what the server answered.
Status judge_websocket_response(std::string_view head, std::string_view key);

}  // namespace countersign::transport::wormhole
