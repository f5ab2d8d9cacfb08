#include "transport/wormhole/websocket_frames.hpp"

#include <wslay/wslay.h>

#include <algorithm>
#include <deque>
#include <new>

#include "storage/base/handle.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr std::string_view kOver = "the mailbox ended the connection";

}  // namespace

// wslay holds a pointer to it.
struct WebSocketFrames::State {
  State(auth::Rng& rng_of, std::size_t message_bytes_max) : rng(rng_of) {
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = &give;
    callbacks.send_callback = &put;
    callbacks.genmask_callback = &mask;
    callbacks.on_msg_recv_callback = &hear;
    wslay_event_context_ptr made = nullptr;
    if (wslay_event_context_client_init(&made, &callbacks, this) != 0) throw std::bad_alloc();
    context.reset(made);
    wslay_event_config_set_max_recv_msg_length(made, message_bytes_max);
  }

  static ssize_t give(wslay_event_context_ptr context, std::uint8_t* out, std::size_t size, int, void* user) {
    State& state = *static_cast<State*>(user);
    if (state.input.empty()) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    const std::size_t count = std::min(size, state.input.size());
    std::copy_n(state.input.begin(), count, out);
    state.input = state.input.subspan(count);
    return static_cast<ssize_t>(count);
  }
  static ssize_t put(wslay_event_context_ptr, const std::uint8_t* bytes, std::size_t size, int, void* user) {
    append(static_cast<State*>(user)->output, {bytes, size});
    return static_cast<ssize_t>(size);
  }
  static int mask(wslay_event_context_ptr, std::uint8_t* out, std::size_t size, void* user) {
    return static_cast<State*>(user)->rng.fill({out, size}) ? 0 : -1;
  }
  static void hear(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* heard, void* user) {
    State& state = *static_cast<State*>(user);
    if (heard->opcode != WSLAY_TEXT_FRAME && heard->opcode != WSLAY_BINARY_FRAME) return;
    if (heard->msg_length == 0) {
      state.messages.emplace_back();
      return;
    }
    state.messages.emplace_back(as_text({heard->msg, heard->msg_length}));
  }

  Status queue(std::uint8_t opcode, ByteView bytes) {
    if (output.size() > kUnsentBytesMax) return fail(ErrorCode::network_failed, "the mailbox does not read");
    const wslay_event_msg message{opcode, bytes.data(), bytes.size()};
    if (wslay_event_queue_msg(context.get(), &message) != 0 || wslay_event_send(context.get()) != 0) {
      return fail(ErrorCode::network_failed, std::string(kOver));
    }
    return ok();
  }

  auth::Rng& rng;
  std::unique_ptr<wslay_event_context, GiveBack<&wslay_event_context_free>> context;
  ByteView input;
  Bytes output;
  std::deque<std::string> messages;
};

WebSocketFrames::WebSocketFrames(auth::Rng& rng, std::size_t message_bytes_max)
    : state_(std::make_unique<State>(rng, message_bytes_max)) {}
WebSocketFrames::WebSocketFrames(WebSocketFrames&&) noexcept = default;
WebSocketFrames& WebSocketFrames::operator=(WebSocketFrames&&) noexcept = default;
WebSocketFrames::~WebSocketFrames() = default;

Status WebSocketFrames::take(ByteView bytes) {
  wslay_event_context_ptr context = state_->context.get();
  state_->input = bytes;
  const bool heard = wslay_event_recv(context) == 0;
  state_->input = {};
  // Pongs, and why the connection ends. A mailbox that asks for pongs and does not read them gets no more.
  if (state_->output.size() > kUnsentBytesMax) return fail(ErrorCode::network_failed, "the mailbox does not read");
  const bool told = wslay_event_send(context) == 0;
  if (heard && told && wslay_event_get_read_enabled(context) != 0) return ok();
  if (wslay_event_get_close_received(context) != 0) return fail(ErrorCode::network_failed, std::string(kOver));
  return fail(ErrorCode::network_failed, "the mailbox breaks the rules of WebSocket, or says too much at once");
}

std::optional<std::string> WebSocketFrames::next_message() {
  if (state_->messages.empty()) return std::nullopt;
  std::string message = std::move(state_->messages.front());
  state_->messages.pop_front();
  return message;
}

Status WebSocketFrames::send_text(std::string_view text) {
  return state_->queue(WSLAY_TEXT_FRAME, as_bytes(text));
}

Status WebSocketFrames::send_ping() {
  return state_->queue(WSLAY_PING, {});
}

void WebSocketFrames::send_close() {
  if (wslay_event_queue_close(state_->context.get(), WSLAY_CODE_NORMAL_CLOSURE, nullptr, 0) == 0) {
    wslay_event_send(state_->context.get());
  }
}

Bytes WebSocketFrames::output() {
  return std::exchange(state_->output, {});
}

}  // namespace countersign::transport::wormhole
