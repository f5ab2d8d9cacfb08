// What happens on one connection: its events, its requests, its answers.
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "transport/http/connection.hpp"

namespace countersign::transport::http {
namespace {

constexpr std::size_t kDrainBytesMax = 256u << 10;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

std::optional<std::size_t> send_some(int socket, std::string_view bytes) {
  while (true) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return std::nullopt;
  }
}

void Connections::on_event(Connection& connection, std::uint32_t events, SteadyTime now) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection.readable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection.peer_closed = true;
  switch (connection.phase) {
    case Connection::Phase::reading:
      return read_more(connection, now);
    case Connection::Phase::writing:
      return write_more(connection, now);
    case Connection::Phase::lingering:
      return drain(connection);
    case Connection::Phase::working:
    case Connection::Phase::held:
    case Connection::Phase::closed:
      return;
  }
}

void Connections::read_more(Connection& connection, SteadyTime now) {
  while (connection.phase == Connection::Phase::reading && connection.readable) {
    const ssize_t count = recv(connection.socket.get(), read_buffer_.data(), read_buffer_.size(), MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return close(connection);
      connection.readable = false;
      return;
    }
    if (count == 0) return close(connection);
    const auto size = static_cast<std::size_t>(count);
    // A short read has emptied a stream socket (epoll(7)), unless its end came with it.
    if (size < read_buffer_.size() && !connection.peer_closed) connection.readable = false;
    if (connection.reader.state() == RequestReader::State::idle) connection.began = now;
    connection.reader.feed({read_buffer_.data(), size});
    explicit_bzero(read_buffer_.data(), size);
    advance(connection, now);
  }
}

void Connections::advance(Connection& connection, SteadyTime now) {
  switch (connection.reader.state()) {
    case RequestReader::State::idle:
      return;
    case RequestReader::State::head:
      connection.deadline = connection.began + settings_.deadlines.head;
      return;
    case RequestReader::State::body:
      connection.deadline = connection.began + settings_.deadlines.whole;
      if (connection.reader.wants_continue() && send_some(connection.socket.get(), kContinue) != kContinue.size()) {
        close(connection);
      }
      return;
    case RequestReader::State::complete:
      return dispatch(connection, now);
    case RequestReader::State::refused:
      connection.refused = true;
      return send_answer(connection, answerer_.refuse(connection.reader.refusal(), connection.peer), 0, now);
  }
}

void Connections::dispatch(Connection& connection, SteadyTime now) {
  Work work;
  work.connection = connection.id;
  work.socket = connection.socket.get();
  work.request = connection.reader.take();
  work.quick = work.request.match.route == nullptr || work.request.match.route->quick();
  work.peer = connection.peer;
  work.arrived = now;
  connection.phase = Connection::Phase::working;
  if (queue_.push(work)) return;
  connection.refused = true;
  send_answer(connection, answerer_.refuse({503, "queue full", {}, false}, connection.peer), 0, now);
}

void Connections::take_outcomes(SteadyTime now) {
  std::vector<Outcome> outcomes;
  {
    const std::lock_guard lock(outcomes_mutex_);
    outcomes.swap(outcomes_);
  }
  for (Outcome& outcome : outcomes) {
    const auto found = connections_.find(outcome.connection);
    if (found == connections_.end()) continue;
    Connection& connection = *found->second;
    if (outcome.answer.hold_until && *outcome.answer.hold_until > now) {
      connection.phase = Connection::Phase::held;
      held_.emplace(*outcome.answer.hold_until, connection.id);
      connection.answer = std::move(outcome.answer);
      continue;
    }
    send_answer(connection, std::move(outcome.answer), outcome.sent, now);
  }
}

void Connections::release_held(SteadyTime now) {
  while (!held_.empty() && held_.begin()->first <= now) {
    const auto found = connections_.find(held_.begin()->second);
    held_.erase(held_.begin());
    if (found == connections_.end()) continue;
    send_answer(*found->second, std::move(found->second->answer), 0, now);
  }
}

void Connections::send_answer(Connection& connection, Answer answer, std::size_t sent, SteadyTime now) {
  connection.answer = std::move(answer);
  connection.sent = sent;
  connection.phase = Connection::Phase::writing;
  connection.deadline = now + settings_.deadlines.write;
  write_more(connection, now);
}

void Connections::write_more(Connection& connection, SteadyTime now) {
  const std::string_view bytes = connection.answer.bytes;
  while (connection.sent < bytes.size()) {
    const auto sent = send_some(connection.socket.get(), bytes.substr(connection.sent));
    if (!sent) return close(connection);
    if (*sent == 0) return;  // an event says when there is room
    connection.sent += *sent;
  }
  wipe(connection.answer.bytes);  // it may hold a token
  after_answer(connection, now);
}

void Connections::after_answer(Connection& connection, SteadyTime now) {
  if (connection.answer.keep_alive && !stopping_) return expect_request(connection, now);
  if (!connection.refused) return close(connection);
  // Closing with bytes unread resets the connection, and the peer may lose the answer that it has not read yet.
  connection.phase = Connection::Phase::lingering;
  connection.deadline = now + settings_.deadlines.linger;
  shutdown(connection.socket.get(), SHUT_WR);
  drain(connection);
}

void Connections::drain(Connection& connection) {
  while (true) {
    const ssize_t count = recv(connection.socket.get(), read_buffer_.data(), read_buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return close(connection);
    explicit_bzero(read_buffer_.data(), static_cast<std::size_t>(count));
    connection.drained += static_cast<std::size_t>(count);
    if (connection.drained > kDrainBytesMax) return close(connection);
  }
}

void Connections::expect_request(Connection& connection, SteadyTime now) {
  connection.phase = Connection::Phase::reading;
  connection.began = now;
  connection.deadline = now + settings_.deadlines.idle;
  advance(connection, now);  // what was sent ahead
  read_more(connection, now);
}

}  // namespace countersign::transport::http
