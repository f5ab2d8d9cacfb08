#include "transport/http/connections.hpp"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace countersign::transport::http {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kListenerId = 0;
constexpr std::uint64_t kWakeId = 1;
constexpr std::size_t kReadBytes = 16u << 10;
constexpr std::size_t kDrainBytesMax = 256u << 10;
constexpr int kAcceptsPerRound = 64;
constexpr milliseconds kAcceptPause{100};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

SteadyTime steady_now() {
  return std::chrono::steady_clock::now();
}

// How much the socket took; nullopt when the connection is broken.
std::optional<std::size_t> send_some(int socket, std::string_view bytes) {
  while (true) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return std::nullopt;
  }
}

bool watch_socket(int epoll, int operation, int socket, std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return epoll_ctl(epoll, operation, socket, &event) == 0;
}

// Signals are for the thread that started us.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

// A quarter of the workers, and at least one, is kept from what takes long.
std::size_t slow_max_of(std::size_t workers) {
  return workers < 2 ? 1 : workers - std::max<std::size_t>(1, workers / 4);
}

}  // namespace

struct Connections::Connection {
  enum class Phase : std::uint8_t { reading, working, held, writing, lingering, closed };

  std::uint64_t id = 0;
  Descriptor socket;
  Address peer;
  bool counted = false;  // under its address
  Phase phase = Phase::reading;
  RequestReader reader;
  bool readable = true;  // as far as we know: edge-triggered events say it once
  bool peer_closed = false;
  bool refused = false;
  SteadyTime began;  // of what is waited for: a first byte, or the request that it began
  SteadyTime deadline;
  Answer answer;
  std::size_t sent = 0;
  std::size_t drained = 0;
};

struct Connections::Outcome {
  std::uint64_t connection;
  Answer answer;
  std::size_t sent;
};

Connections::Connections(Answerer& answerer, ConnectionSettings settings)
    : answerer_(answerer),
      settings_(std::move(settings)),
      queue_(settings_.queue_max, slow_max_of(settings_.workers)),
      read_buffer_(kReadBytes) {}

Connections::~Connections() {
  request_stop();
  wait();
}

Status Connections::start() {
  if (watcher_.joinable() || epoll_) return fail(ErrorCode::failed, "started twice");
  if (settings_.workers == 0 || settings_.queue_max == 0 || settings_.connections_max == 0) {
    return fail(ErrorCode::invalid_settings, "workers, queue and connections must be at least one");
  }
  listener_ = TRY(Listener::bind(settings_.host, settings_.port));
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_ || !wake_ || !watch_socket(epoll_.get(), EPOLL_CTL_ADD, listener_.socket(), kListenerId, EPOLLIN) ||
      !watch_socket(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), kWakeId, EPOLLIN)) {
    return fail(ErrorCode::network_failed, "epoll: " + std::generic_category().message(errno));
  }
  const SignalsBlocked blocked;
  try {
    for (std::size_t i = 0; i < settings_.workers; ++i) workers_.emplace_back([this] { work(); });
    watcher_ = std::thread([this] { watch(); });
  } catch (const std::system_error& error) {
    queue_.close();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    return fail(ErrorCode::failed, std::string("cannot start threads: ") + error.what());
  }
  return ok();
}

void Connections::request_stop() noexcept {
  stop_requested_.store(true);
  const std::uint64_t one = 1;
  if (wake_) [[maybe_unused]]
    const auto written = write(wake_.get(), &one, sizeof one);
}

void Connections::wait() {
  if (watcher_.joinable()) watcher_.join();
}

void Connections::work() {
  while (auto work = queue_.pop()) {
    const bool quick = work->quick;
    Outcome outcome{work->connection, answerer_.answer(std::move(work->request), work->peer, work->arrived), 0};
    // The watching thread keeps the socket open until it has the outcome.
    if (!outcome.answer.hold_until) outcome.sent = send_some(work->socket, outcome.answer.bytes).value_or(0);
    queue_.done(quick);
    bool first = false;
    {
      const std::lock_guard lock(outcomes_mutex_);
      first = outcomes_.empty();
      outcomes_.push_back(std::move(outcome));
    }
    const std::uint64_t one = 1;
    if (first) [[maybe_unused]]
      const auto written = write(wake_.get(), &one, sizeof one);
  }
}

void Connections::watch() {
  std::array<epoll_event, 128> events{};
  while (true) {
    const int count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms(steady_now()));
    const SteadyTime now = steady_now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.u64 == kListenerId) {
        accept_all(now);
      } else if (event.data.u64 == kWakeId) {
        std::uint64_t times = 0;
        [[maybe_unused]] const auto read_bytes = read(wake_.get(), &times, sizeof times);
      } else if (const auto found = connections_.find(event.data.u64); found != connections_.end()) {
        Connection& connection = *found->second;
        try {
          on_event(connection, event.events, now);
        } catch (const std::bad_alloc&) {
          close(connection);  // what one connection asked for is no reason to lose the others
        }
      }
    }
    take_outcomes(now);
    release_held(now);
    if (stop_requested_.load() && !stopping_) begin_stop(now);
    if (now >= next_sweep_) sweep(now);
    bury();
    if (stopping_ && (connections_.empty() || now >= stop_by_)) break;
  }
  // Workers first: they may still be writing to a socket.
  queue_.close();
  for (std::thread& worker : workers_) worker.join();
  connections_.clear();
}

int Connections::timeout_ms(SteadyTime now) const {
  if (connections_.empty() && !accept_paused_) return -1;
  SteadyTime until = next_sweep_;
  if (!held_.empty()) until = std::min(until, held_.begin()->first);
  const auto left = std::chrono::ceil<milliseconds>(until - now).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 1000));
}

void Connections::accept_all(SteadyTime now) {
  for (int i = 0; i < kAcceptsPerRound; ++i) {
    Accepted accepted = listener_.accept();
    switch (accepted.kind) {
      case Accepted::Kind::none:
        return;
      case Accepted::Kind::again:
        continue;
      case Accepted::Kind::exhausted:
        // What waits keeps waiting in the backlog; without the pause this loop would do nothing else.
        make_room();
        accept_paused_ = true;
        accept_again_ = now + kAcceptPause;
        watch_socket(epoll_.get(), EPOLL_CTL_MOD, listener_.socket(), kListenerId, 0);
        return;
      case Accepted::Kind::connection:
        admit(std::move(accepted), now);
    }
  }
}

void Connections::admit(Accepted accepted, SteadyTime now) {
  const bool counted = !is_trusted(accepted.peer, settings_.trusted_proxies);
  const Address group = accepted.peer.group();
  const auto of_address = per_address_.find(group);
  const bool crowded =
      counted && of_address != per_address_.end() && of_address->second >= settings_.connections_per_address_max;
  if (crowded || (connections_.size() >= settings_.connections_max && !make_room())) {
    const Answer answer = answerer_.refuse({503, "too many connections", {}, false}, accepted.peer);
    static_cast<void>(send_some(accepted.socket.get(), answer.bytes));
    return;
  }
  auto connection = std::make_unique<Connection>();
  connection->id = next_id_++;
  connection->socket = std::move(accepted.socket);
  connection->peer = accepted.peer;
  connection->counted = counted;
  connection->began = now;
  connection->deadline = now + settings_.deadlines.head;
  if (!watch_socket(epoll_.get(), EPOLL_CTL_ADD, connection->socket.get(), connection->id,
                    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) {
    return;
  }
  if (counted) ++per_address_[group];
  connections_.emplace(connection->id, std::move(connection));
}

// Closes the connection that has been idle longest, rather than turn away one that has something to ask.
bool Connections::make_room() {
  Connection* oldest = nullptr;
  for (const auto& [id, connection] : connections_) {
    if (connection->phase != Connection::Phase::reading) continue;
    if (connection->reader.state() != RequestReader::State::idle) continue;
    if (oldest == nullptr || connection->began < oldest->began) oldest = connection.get();
  }
  if (oldest == nullptr) return false;
  refuse(oldest->peer, "idle connection made room");
  close(*oldest);
  return true;
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

void Connections::sweep(SteadyTime now) {
  const Deadlines& limits = settings_.deadlines;
  const auto shortest = std::min({limits.head, limits.whole, limits.idle, limits.write, limits.linger});
  next_sweep_ = now + std::clamp(shortest / 4, milliseconds(5), milliseconds(250));
  if (accept_paused_ && now >= accept_again_ && !stopping_) {
    accept_paused_ = false;
    watch_socket(epoll_.get(), EPOLL_CTL_MOD, listener_.socket(), kListenerId, EPOLLIN);
  }
  std::vector<Connection*> late;
  for (const auto& [id, connection] : connections_) {
    const bool timed = connection->phase != Connection::Phase::working && connection->phase != Connection::Phase::held;
    if (timed && now >= connection->deadline) late.push_back(connection.get());
  }
  for (Connection* connection : late) {
    if (connection->phase == Connection::Phase::writing) refuse(connection->peer, "answer not taken in time");
    if (connection->phase == Connection::Phase::reading && connection->reader.state() != RequestReader::State::idle) {
      refuse(connection->peer, "request not whole in time");
    }
    close(*connection);
  }
}

void Connections::begin_stop(SteadyTime now) {
  stopping_ = true;
  stop_by_ = now + settings_.deadlines.stop;
  listener_.close();
  std::vector<Connection*> idle;
  for (const auto& [id, connection] : connections_) {
    const bool waiting =
        connection->phase == Connection::Phase::reading && connection->reader.state() == RequestReader::State::idle;
    if (waiting || connection->phase == Connection::Phase::lingering) idle.push_back(connection.get());
  }
  for (Connection* connection : idle) close(*connection);
}

void Connections::close(Connection& connection) {
  const auto found = connections_.find(connection.id);
  if (found == connections_.end()) return;
  connection.phase = Connection::Phase::closed;
  if (connection.counted) {
    const auto of_address = per_address_.find(connection.peer.group());
    if (--of_address->second == 0) per_address_.erase(of_address);
  }
  connection.socket.reset();
  closed_.push_back(std::move(found->second));
  connections_.erase(found);
}

void Connections::bury() {
  closed_.clear();
}

void Connections::refuse(const Address& peer, std::string_view reason) const {
  if (settings_.on_refusal) settings_.on_refusal(peer.text(), reason);
}

}  // namespace countersign::transport::http
