// The frames of a WebSocket's client (RFC 6455 §5), by wslay: bytes in, whole messages out, and the other way round. It
// touches no socket.
//
// Messages may come in fragments with control frames between them; pings are answered. What breaks the rules of the
// protocol, masked frames and text that is not UTF-8 among it, and what is larger than the limit ends the connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/base/rng.hpp"
#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::size_t kUnsentBytesMax = 1u << 20;

class WebSocketFrames {
 public:
  // `rng` makes the masks and outlives this.
  WebSocketFrames(auth::Rng& rng, std::size_t message_bytes_max);
  WebSocketFrames(WebSocketFrames&&) noexcept;
  WebSocketFrames& operator=(WebSocketFrames&&) noexcept;
  ~WebSocketFrames();

  // From the server. network_failed once the connection is over, by its closing or by ours; messages that were whole
  // before are there still, and so is what tells the server why.
  Status take(ByteView bytes);
  // Text or binary, in the order of their ends.
  std::optional<std::string> next_message();

  // network_failed once the connection is over, and where over kUnsentBytesMax wait.
  Status send_text(std::string_view text);
  Status send_ping();
  // Nothing is sent behind it.
  void send_close();
  // What is to be sent to the server.
  Bytes output();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::transport::wormhole
