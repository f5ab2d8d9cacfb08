#include "transport/wormhole/websocket.hpp"

#include <poll.h>

#include <algorithm>

#include "transport/wormhole/tcp_connect.hpp"
#include "transport/wormhole/websocket_handshake.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr std::chrono::milliseconds kFarewell{200};

}  // namespace

WebSocket::WebSocket(ByteStream stream, const WebSocketSettings& settings, const auth::Clock& clock, auth::Rng& rng,
                     Interrupt& interrupt)
    : stream_(std::move(stream)),
      settings_(settings),
      clock_(clock),
      interrupt_(interrupt),
      frames_(rng, settings.message_bytes_max),
      heard_(clock.monotonic()) {}

Patience WebSocket::within(std::chrono::milliseconds time) const {
  return {clock_, interrupt_, clock_.monotonic() + time};
}

Result<std::unique_ptr<WebSocket>> WebSocket::open(const MailboxUrl& url, const WebSocketSettings& settings,
                                                   const auth::Clock& clock, auth::Rng& rng, Interrupt& interrupt) {
  if (url.is_onion() && !settings.proxy) {
    return fail(ErrorCode::usage, "an onion address is reached through Tor's SOCKS proxy: name it");
  }
  const Patience patience{clock, interrupt, clock.monotonic() + settings.connect};
  const std::string& host = settings.proxy ? settings.proxy->host : url.host;
  const std::uint16_t port = settings.proxy ? settings.proxy->port : url.port;
  ByteStream stream(TRY(tcp_connect(host, port, patience)));
  if (settings.proxy) TRY(connect_through(stream, url.host, url.port, patience));
  if (url.tls) TRY(stream.secure(url.host, settings.ca_file, patience));
  std::unique_ptr<WebSocket> websocket(new WebSocket(std::move(stream), settings, clock, rng, interrupt));
  TRY(websocket->shake_hands(url, rng));
  return websocket;
}

Status WebSocket::shake_hands(const MailboxUrl& url, auth::Rng& rng) {
  const Patience patience = within(settings_.handshake);
  const std::string key = TRY(draw_websocket_key(rng));
  TRY(stream_.write(as_bytes(write_websocket_request(url.authority(), kMailboxPath, key)), patience));
  std::string head;
  for (;;) {
    head += as_text(TRY(stream_.read(patience)));
    const std::size_t end = head.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (head.size() > kHandshakeBytesMax) return fail(ErrorCode::network_failed, "this is no mailbox: a long answer");
      continue;
    }
    if (end > kHandshakeBytesMax) return fail(ErrorCode::network_failed, "this is no mailbox: a long answer");
    TRY(judge_websocket_response(std::string_view(head).substr(0, end), key));
    heard_ = clock_.monotonic();
    over_ = take(as_bytes(std::string_view(head).substr(end + 4)));
    return ok();
  }
}

Status WebSocket::flush() {
  const Bytes output = frames_.output();
  return output.empty() ? ok() : stream_.write(output, within(settings_.handshake));
}

Status WebSocket::take(ByteView bytes) {
  if (bytes.empty()) return ok();
  const Status taken = frames_.take(bytes);
  const Status flushed = flush();
  return taken ? flushed : taken;
}

Status WebSocket::send(std::string_view text) {
  TRY(over_);
  TRY(frames_.send_text(text));
  return flush();
}

Result<std::optional<std::string>> WebSocket::receive(std::chrono::milliseconds until) {
  for (;;) {
    // What was whole before the end comes first.
    if (auto message = frames_.next_message()) return message;
    TRY(over_);
    if (interrupt_.stopped()) return std::nullopt;
    auto bytes = stream_.read_now();
    if (!bytes) {
      over_ = tl::unexpected<Error>(bytes.error());
      continue;
    }
    if (!bytes->empty()) {
      heard_ = clock_.monotonic();
      pinged_ = false;
      over_ = take(*bytes);
      continue;
    }
    const auto now = clock_.monotonic();
    if (now >= heard_ + settings_.idle) return fail(ErrorCode::network_failed, "the mailbox is silent");
    if (now >= until) return std::nullopt;
    if (!pinged_ && now >= heard_ + settings_.ping_after) {
      TRY(frames_.send_ping());
      TRY(flush());
      pinged_ = true;
    }
    const auto next = heard_ + (pinged_ ? settings_.idle : settings_.ping_after);
    const Patience patience{clock_, interrupt_, std::min(until, next)};
    if (wait_for(stream_.descriptor(), POLLIN, patience) == Awaited::woken) return std::nullopt;
  }
}

void WebSocket::close() {
  frames_.send_close();
  const Bytes output = frames_.output();
  // A mailbox that does not take it will see that we are gone.
  static_cast<void>(stream_.write(output, within(kFarewell)));
  stream_.say_goodbye();
}

}  // namespace countersign::transport::wormhole
