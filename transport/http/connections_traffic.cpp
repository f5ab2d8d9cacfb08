// What the workers do: the events of a connection, its requests, its answers.
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "storage/base/wiped_stack.hpp"
#include "transport/http/connection.hpp"

namespace countersign::transport::http {
namespace {

constexpr std::size_t kReadBytes = 16u << 10;
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

void Connections::work() {
  std::vector<char> buffer(kReadBytes);
  epoll_event event{};
  while (true) {
    // One event at a time, so that no other connection waits for this thread.
    if (epoll_wait(traffic_.get(), &event, 1, -1) < 1) continue;
    if (event.data.u64 == kHaltId) return;
    Connection* connection = claim(event.data.u64, event.events);
    while (connection != nullptr) connection = serve(*connection, buffer) ? pass_place_on() : nullptr;
    wipe_stack();
  }
}

// A null pointer where there is nothing to do: it was closed, its worker looks again, or it does not wait for its
// socket.
Connections::Connection* Connections::claim(std::uint64_t id, std::uint32_t events) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(id);
  if (found == connections_.end()) return nullptr;
  Connection& connection = *found->second;
  connection.events |= events;
  if (connection.busy) return nullptr;
  if (connection.phase == Connection::Phase::queued || connection.phase == Connection::Phase::held) return nullptr;
  connection.busy = true;
  put_in_list(connection);
  connection.take_events();
  return &connection;
}

// Until it waits for something. True when it had one of the places for what takes long.
bool Connections::serve(Connection& connection, std::span<char> buffer) {
  bool had_place = false;
  while (true) {
    if (connection.phase == Connection::Phase::answering && connection.slow) had_place = true;
    Next next = Next::gone;
    try {
      next = step(connection, buffer);
    } catch (const std::bad_alloc&) {
      next = close(connection);  // what one connection asked for is no reason to lose the others
    }
    switch (next) {
      case Next::go_on:
        continue;
      case Next::wait:
      case Next::give_way:
        if (park(connection, next, had_place)) return had_place;
        continue;
      case Next::gone:
        return had_place;
    }
  }
}

Connections::Next Connections::step(Connection& connection, std::span<char> buffer) {
  switch (connection.phase) {
    case Connection::Phase::reading:
      return read_more(connection, buffer);
    case Connection::Phase::answering:
      return answer(connection);
    case Connection::Phase::writing:
      return write_more(connection);
    case Connection::Phase::lingering:
      return drain(connection, buffer);
    case Connection::Phase::queued:
    case Connection::Phase::held:
      return Next::wait;
  }
  return Next::wait;
}

// False when it is this worker's still, since its socket has said something meanwhile. A worker with a place for what
// takes long gives that back first: what comes next on this connection has to take one anew, behind those that wait.
bool Connections::park(Connection& connection, Next next, bool has_place) {
  std::unique_lock lock(mutex_);
  if (stopping_.load() && connection.idle()) {
    const Ended ended = take_out(connection, {});
    lock.unlock();
    return true;
  }
  if (next == Next::wait && connection.events != 0) {
    if (!has_place) {
      connection.take_events();
      return false;
    }
    next = Next::give_way;
  }
  connection.busy = false;
  put_in_list(connection);
  if (next == Next::give_way) wake_worker(connection);
  return true;
}

// Asking anew what is watched for makes an event of what is there; a socket has room for an answer, mostly.
void Connections::wake_worker(Connection& connection) const {
  epoll_event event{};
  event.events = kTrafficEvents;
  event.data.u64 = connection.id;
  epoll_ctl(traffic_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
}

Connections::Next Connections::close(Connection& connection) {
  std::unique_lock lock(mutex_);
  const Ended ended = take_out(connection, {});
  lock.unlock();
  return Next::gone;
}

Connections::Next Connections::read_more(Connection& connection, std::span<char> buffer) {
  RequestReader& reader = connection.reader;
  switch (reader.state()) {
    case RequestReader::State::idle:
      break;
    case RequestReader::State::head:
      connection.deadline = connection.began + settings_.deadlines.head;
      break;
    case RequestReader::State::body:
      connection.deadline = connection.began + settings_.deadlines.whole;
      if (reader.wants_continue() && send_some(connection.socket.get(), kContinue) != kContinue.size()) {
        return close(connection);
      }
      break;
    case RequestReader::State::complete:
      return dispatch(connection);
    case RequestReader::State::ended:
      return close(connection);  // its answer went out, and said so
    case RequestReader::State::refused:
      connection.leaves_unread = true;
      return send_answer(connection, answerer_.refuse(reader.refusal(), connection.peer));
  }
  if (!connection.readable) return Next::wait;
  const ssize_t count = recv(connection.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) {
    if (errno == EINTR) return Next::go_on;
    if (errno != EAGAIN) return close(connection);
    connection.readable = false;
    return Next::wait;
  }
  if (count == 0) return close(connection);
  const auto size = static_cast<std::size_t>(count);
  // A short read has emptied a stream socket (epoll(7)), unless its end came with it.
  if (size < buffer.size() && !connection.peer_closed) connection.readable = false;
  if (reader.state() == RequestReader::State::idle) connection.began = steady_now();
  reader.feed({buffer.data(), size});
  explicit_bzero(buffer.data(), size);
  return Next::go_on;
}

Connections::Next Connections::dispatch(Connection& connection) {
  const Route* route = connection.reader.request().match.route;
  connection.arrived = steady_now();
  connection.slow = route != nullptr && !route->quick();
  if (connection.slow) return take_place(connection);
  connection.phase = Connection::Phase::answering;
  return Next::go_on;
}

Connections::Next Connections::take_place(Connection& connection) {
  {
    const std::lock_guard lock(mutex_);
    if (slow_running_ < slow_max_) {
      ++slow_running_;
      connection.phase = Connection::Phase::answering;
      return Next::go_on;
    }
    if (queued_.size() < settings_.queue_max) {
      queued_.push_back(connection.id);
      connection.phase = Connection::Phase::queued;
      connection.busy = false;
      return Next::gone;
    }
  }
  connection.leaves_unread = true;
  return send_answer(connection, answerer_.refuse({503, "queue full", {}, false}, connection.peer));
}

// To the request that has waited longest, which the caller serves; a null pointer when none waits.
Connections::Connection* Connections::pass_place_on() {
  const std::lock_guard lock(mutex_);
  if (queued_.empty()) {
    --slow_running_;
    return nullptr;
  }
  Connection& next = *connections_.at(queued_.front());
  queued_.pop_front();
  next.phase = Connection::Phase::answering;
  next.busy = true;
  return &next;
}

Connections::Next Connections::answer(Connection& connection) {
  Request request = connection.reader.take();
  connection.leaves_unread = connection.reader.state() == RequestReader::State::ended;
  Answer answer = answerer_.answer(std::move(request), connection.peer, connection.arrived);
  if (answer.hold_until && *answer.hold_until > steady_now()) return hold(connection, std::move(answer));
  return send_answer(connection, std::move(answer));
}

Connections::Next Connections::hold(Connection& connection, Answer answer) {
  const SteadyTime until = *answer.hold_until;
  connection.answer = std::move(answer);
  connection.sent = 0;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    // Not in one expression: which side of == is looked at first is the compiler's choice.
    const auto held = held_.emplace(until, connection.id);
    first = held == held_.begin();
    connection.phase = Connection::Phase::held;
    connection.busy = false;
  }
  if (first) raise_event(wake_);
  return Next::gone;
}

Connections::Next Connections::send_answer(Connection& connection, Answer answer) {
  connection.answer = std::move(answer);
  connection.sent = 0;
  connection.phase = Connection::Phase::writing;
  connection.deadline = steady_now() + settings_.deadlines.write;
  return Next::go_on;
}

Connections::Next Connections::write_more(Connection& connection) {
  const std::string_view bytes = connection.answer.bytes;
  while (connection.sent < bytes.size()) {
    const auto sent = send_some(connection.socket.get(), bytes.substr(connection.sent));
    if (!sent) return close(connection);
    if (*sent == 0) return Next::wait;  // an event says when there is room
    connection.sent += *sent;
  }
  wipe(connection.answer.bytes);  // it may hold a token
  return after_answer(connection);
}

Connections::Next Connections::after_answer(Connection& connection) {
  const SteadyTime now = steady_now();
  if (connection.answer.keep_alive && !stopping_.load()) {
    connection.phase = Connection::Phase::reading;
    connection.began = now;
    connection.deadline = now + settings_.deadlines.idle;
    // Whoever sends ahead does not get this worker for itself.
    const bool more = connection.readable || connection.reader.state() != RequestReader::State::idle;
    return more ? Next::give_way : Next::wait;
  }
  if (!connection.leaves_unread) return close(connection);
  // Closing with bytes unread resets the connection, and the peer may lose the answer that it has not read yet.
  connection.phase = Connection::Phase::lingering;
  connection.deadline = now + settings_.deadlines.linger;
  shutdown(connection.socket.get(), SHUT_WR);
  return Next::go_on;
}

Connections::Next Connections::drain(Connection& connection, std::span<char> buffer) {
  while (true) {
    const ssize_t count = recv(connection.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return Next::wait;
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return close(connection);
    explicit_bzero(buffer.data(), static_cast<std::size_t>(count));
    connection.drained += static_cast<std::size_t>(count);
    if (connection.drained > kDrainBytesMax) return close(connection);
  }
}

}  // namespace countersign::transport::http
