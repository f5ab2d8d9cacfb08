// A WebSocket to a mailbox (RFC 6455), for one thread: the socket, TLS, a proxy, the handshake, the frames, and how
// long each of them may take.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "transport/wormhole/byte_stream.hpp"
#include "transport/wormhole/mailbox_url.hpp"
#include "transport/wormhole/socks5.hpp"
#include "transport/wormhole/websocket_frames.hpp"

namespace countersign::transport::wormhole {

struct WebSocketSettings {
  std::string ca_file;              // authorities besides the system's, in PEM
  std::optional<SocksProxy> proxy;  // asked for: an onion address is reached in no other way
  std::size_t message_bytes_max = 64u << 10;
  std::chrono::milliseconds connect{30'000};     // name, socket, proxy and TLS
  std::chrono::milliseconds handshake{30'000};   // and sending anything, later
  std::chrono::milliseconds ping_after{30'000};  // of silence
  std::chrono::milliseconds idle{75'000};        // of silence, although it was asked
};

class WebSocket {
 public:
  // The clock, the randomness and the interrupt outlive it. network_failed; failed when stopped; usage.
  static Result<std::unique_ptr<WebSocket>> open(const MailboxUrl& url, const WebSocketSettings& settings,
                                                 const auth::Clock& clock, auth::Rng& rng, Interrupt& interrupt);

  // One text message. network_failed; failed when stopped.
  Status send(std::string_view text);
  // The next message, text or binary. Nothing when it was woken or stopped, or when `until` (clock.monotonic()) has
  // come. network_failed once the connection is over.
  Result<std::optional<std::string>> receive(std::chrono::milliseconds until);
  // Takes leave, without waiting for an answer.
  void close();

 private:
  WebSocket(ByteStream stream, const WebSocketSettings& settings, const auth::Clock& clock, auth::Rng& rng,
            Interrupt& interrupt);
  Status shake_hands(const MailboxUrl& url, auth::Rng& rng);
  Status flush();
  Status take(ByteView bytes);
  Patience within(std::chrono::milliseconds time) const;

  ByteStream stream_;
  WebSocketSettings settings_;
  const auth::Clock& clock_;
  Interrupt& interrupt_;
  WebSocketFrames frames_;
  std::chrono::milliseconds heard_;  // when anything came
  bool pinged_ = false;              // since then
  Status over_;                      // why nothing more comes
};

}  // namespace countersign::transport::wormhole
