#include "transport/wormhole/websocket_handshake.hpp"

#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr std::size_t kKeyBytes = 16;

// Is it one of the tokens of a list?
bool lists(std::string_view value, std::string_view token) {
  for (const std::string_view item : split(value, ',')) {
    if (equal_ignoring_case(trimmed(item), token)) return true;
  }
  return false;
}

tl::unexpected<Error> no_websocket(const std::string& why) {
  return fail(ErrorCode::network_failed, "this is no mailbox: " + why);
}

}  // namespace

Result<std::string> draw_websocket_key(auth::Rng& rng) {
  return base64(TRY(auth::random_bytes(rng, kKeyBytes)));
}

std::string write_websocket_request(std::string_view authority, std::string_view path, std::string_view key) {
  std::string request = "GET ";
  request.append(path).append(" HTTP/1.1\r\nHost: ").append(authority);
  request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
  return request.append(key).append("\r\n\r\n");
}

std::string websocket_accept(std::string_view key) {
  return base64(sha1(as_bytes(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}

Status judge_websocket_response(std::string_view head, std::string_view key) {
  bool first = true;
  bool upgrades = false;
  bool connects = false;
  int accepts = 0;
  for (std::string_view line : split_lines(head)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (std::exchange(first, false)) {
      if (!line.starts_with("HTTP/1.1 101 ") && line != "HTTP/1.1 101") {
        return no_websocket("it answers " + escape_for_display(line, 64));
      }
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t') {
      return no_websocket("a header without a name");
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equal_ignoring_case(name, "Upgrade")) upgrades = equal_ignoring_case(value, "websocket");
    if (equal_ignoring_case(name, "Connection")) connects = lists(value, "upgrade");
    if (equal_ignoring_case(name, "Sec-WebSocket-Extensions") || equal_ignoring_case(name, "Sec-WebSocket-Protocol")) {
      return no_websocket("it wants what it was not offered");
    }
    if (equal_ignoring_case(name, "Sec-WebSocket-Accept")) accepts += value == websocket_accept(key) ? 1 : 2;
  }
  if (!upgrades || !connects) return no_websocket("it does not upgrade to a WebSocket");
  if (accepts != 1) return no_websocket("it does not accept our key");
  return ok();
}

}  // namespace countersign::transport::wormhole
