#include "transport/http/connections.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <tuple>

#include "storage/base/signals_blocked.hpp"
#include "storage/base/wiped_stack.hpp"
#include "transport/http/connection.hpp"

namespace countersign::transport::http {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kListenerId = 0;
constexpr std::uint64_t kWakeId = 1;
constexpr std::size_t kReadBytes = 16u << 10;
constexpr int kAcceptsPerRound = 64;
constexpr milliseconds kAcceptPause{100};

SteadyTime steady_now() {
  return std::chrono::steady_clock::now();
}

bool watch_socket(int epoll, int operation, int socket, std::uint64_t id, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return epoll_ctl(epoll, operation, socket, &event) == 0;
}

// A quarter of the workers, and at least one, is kept from what takes long.
std::size_t slow_max_of(std::size_t workers) {
  return workers < 2 ? 1 : workers - std::max<std::size_t>(1, workers / 4);
}

}  // namespace

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
    // The answer is on its way, so nobody waits for this.
    work.reset();
    wipe_stack();
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
        try {
          accept_all(now);
        } catch (const std::bad_alloc&) {
          pause_accepting(now);
        }
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
        make_room();
        return pause_accepting(now);
      case Accepted::Kind::connection:
        admit(std::move(accepted), now);
    }
  }
}

// What waits keeps waiting in the backlog; without the pause the loop would do nothing but fail.
void Connections::pause_accepting(SteadyTime now) {
  accept_paused_ = true;
  accept_again_ = now + kAcceptPause;
  watch_socket(epoll_.get(), EPOLL_CTL_MOD, listener_.socket(), kListenerId, 0);
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

// Closes the connection that has been idle longest, rather than turn away one that has something to ask. A proxy's go
// last: they are many people's.
bool Connections::make_room() {
  Connection* oldest = nullptr;
  for (const auto& [id, connection] : connections_) {
    if (connection->phase != Connection::Phase::reading) continue;
    if (connection->reader.state() != RequestReader::State::idle) continue;
    const auto age = [](const Connection& of) { return std::tuple(!of.counted, of.began, of.id); };
    const bool better = oldest == nullptr || age(*connection) < age(*oldest);
    if (better) oldest = connection.get();
  }
  if (oldest == nullptr) return false;
  refuse(oldest->peer, "idle connection made room");
  close(*oldest);
  return true;
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
