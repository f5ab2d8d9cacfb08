// The threads, and what the timekeeper does: accepting, deadlines, stopping.
#include "transport/http/connections.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "storage/base/signals_blocked.hpp"
#include "transport/http/connection.hpp"

namespace countersign::transport::http {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kListenerId = 0;
constexpr std::uint64_t kWakeId = 1;
constexpr int kAcceptsPerRound = 64;
constexpr milliseconds kAcceptPause{100};

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

bool has_unread(int socket) {
  char byte = 0;
  return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

}  // namespace

void raise_event(const Descriptor& event) noexcept {
  const std::uint64_t one = 1;
  if (event) [[maybe_unused]]
    const auto written = write(event.get(), &one, sizeof one);
}

Connections::Connections(Answerer& answerer, ConnectionSettings settings)
    : answerer_(answerer),
      settings_(std::move(settings)),
      slow_max_(slow_max_of(settings_.workers)),
      admission_(settings_.admission) {}

Connections::~Connections() {
  request_stop();
  wait();
}

Status Connections::start() {
  if (timekeeper_.joinable() || traffic_) return fail(ErrorCode::failed, "started twice");
  if (settings_.workers == 0 || settings_.queue_max == 0 || settings_.admission.connections_max == 0) {
    return fail(ErrorCode::invalid_settings, "workers, queue and connections must be at least one");
  }
  listener_ = TRY(Listener::bind(settings_.host, settings_.port));
  traffic_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  arrivals_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  halt_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!traffic_ || !arrivals_ || !wake_ || !halt_ ||
      !watch_socket(arrivals_.get(), EPOLL_CTL_ADD, listener_.socket(), kListenerId, EPOLLIN) ||
      !watch_socket(arrivals_.get(), EPOLL_CTL_ADD, wake_.get(), kWakeId, EPOLLIN) ||
      !watch_socket(traffic_.get(), EPOLL_CTL_ADD, halt_.get(), kHaltId, EPOLLIN)) {
    return fail(ErrorCode::network_failed, "epoll: " + std::generic_category().message(errno));
  }
  const SignalsBlocked blocked;
  try {
    for (std::size_t i = 0; i < settings_.workers; ++i) workers_.emplace_back([this] { work(); });
    timekeeper_ = std::thread([this] { keep_time(); });
  } catch (const std::system_error& error) {
    raise_event(halt_);
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    return fail(ErrorCode::failed, std::string("cannot start threads: ") + error.what());
  }
  return ok();
}

void Connections::request_stop() noexcept {
  stop_requested_.store(true);
  raise_event(wake_);
}

void Connections::wait() {
  if (timekeeper_.joinable()) timekeeper_.join();
}

ConnectionCounts Connections::counts() const {
  const std::lock_guard lock(mutex_);
  return {connections_.size(), admission_.connections_max, admitted_};
}

void Connections::admit_by(Admission admission) {
  const std::lock_guard lock(mutex_);
  admission_ = std::move(admission);
}

void Connections::keep_time() {
  std::array<epoll_event, 2> events{};
  bool over = false;
  while (!over) {
    const int count =
        epoll_wait(arrivals_.get(), events.data(), static_cast<int>(events.size()), timeout_ms(steady_now()));
    const SteadyTime now = steady_now();
    for (int i = 0; i < count; ++i) {
      if (events[static_cast<std::size_t>(i)].data.u64 == kWakeId) {
        std::uint64_t times = 0;
        [[maybe_unused]] const auto read_bytes = read(wake_.get(), &times, sizeof times);
        continue;
      }
      try {
        accept_all(now);
      } catch (const std::bad_alloc&) {
        pause_accepting(now);
      }
    }
    release_held(now);
    if (stop_requested_.load() && !stopping_.load()) begin_stop(now);
    if (now >= next_sweep_) sweep(now);
    const std::lock_guard lock(mutex_);
    over = stopping_.load() && (connections_.empty() || now >= stop_by_);
    if (over) queued_.clear();
  }
  // Workers first: they may still be writing to a socket.
  raise_event(halt_);
  for (std::thread& worker : workers_) worker.join();
  connections_.clear();
}

int Connections::timeout_ms(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (connections_.empty() && !accept_paused_) return -1;
  SteadyTime until = next_sweep_;
  if (!held_.empty()) until = std::min(until, held_.begin()->first);
  const auto left = std::chrono::ceil<milliseconds>(until - now).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 1000));
}

void Connections::accept_all(SteadyTime now) {
  listener_.keep_reserve();
  for (int i = 0; i < kAcceptsPerRound; ++i) {
    Accepted accepted = listener_.accept();
    switch (accepted.kind) {
      case Accepted::Kind::none:
        return;
      case Accepted::Kind::again:
        continue;
      case Accepted::Kind::exhausted:
        if (!turn_away_on_reserve()) return pause_accepting(now);
        continue;
      case Accepted::Kind::connection:
        admit(std::move(accepted), now);
    }
  }
}

// Whoever comes when there are no descriptors hears so at once. What an idle connection had is for whatever else runs
// here and lacks one, such as storage.
bool Connections::turn_away_on_reserve() {
  {
    std::unique_lock lock(mutex_);
    const Ended ended = make_room();
    lock.unlock();
    report(ended);
  }
  Accepted accepted = listener_.accept_on_reserve();
  if (accepted.kind == Accepted::Kind::connection) turn_away(accepted, "no descriptors");
  accepted.socket.reset();
  listener_.keep_reserve();
  return accepted.kind != Accepted::Kind::exhausted;
}

// What waits keeps waiting in the backlog; without the pause the loop would do nothing but fail.
void Connections::pause_accepting(SteadyTime now) {
  accept_paused_ = true;
  accept_again_ = now + kAcceptPause;
  watch_socket(arrivals_.get(), EPOLL_CTL_MOD, listener_.socket(), kListenerId, 0);
}

void Connections::admit(Accepted accepted, SteadyTime now) {
  const Address group = accepted.peer.group();
  Ended ended;
  std::unique_lock lock(mutex_);
  const bool counted = !is_trusted(accepted.peer, admission_.trusted_proxies);
  const auto of_address = per_address_.find(group);
  const bool crowded =
      counted && of_address != per_address_.end() && of_address->second >= admission_.connections_per_address_max;
  if (crowded) {
    lock.unlock();
    return reset(accepted, "too many connections of one address");
  }
  if (connections_.size() >= admission_.connections_max) ended = make_room();
  if (connections_.size() >= admission_.connections_max) {
    lock.unlock();
    return turn_away(accepted, "too many connections");
  }
  auto connection = std::make_unique<Connection>();
  const std::uint64_t id = connection->id = next_id_++;
  const int socket = accepted.socket.get();
  connection->socket = std::move(accepted.socket);
  connection->peer = accepted.peer;
  connection->began = now;
  connection->deadline = now + settings_.deadlines.head;
  Connection& admitted = *connections_.emplace(id, std::move(connection)).first->second;
  if (counted) {
    ++per_address_[group];
    admitted.counted = true;
  }
  ++admitted_;
  put_in_list(admitted);
  if (!watch_socket(traffic_.get(), EPOLL_CTL_ADD, socket, id, kTrafficEvents))
    static_cast<void>(take_out(admitted, {}));
  lock.unlock();
  report(ended);
}

// Without an answer, and nothing is left of it in the kernel either: a crowd comes back faster than it can be answered,
// and everybody else waits behind it in the backlog.
void Connections::reset(const Accepted& accepted, std::string_view reason) {
  const linger none{1, 0};
  setsockopt(accepted.socket.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  if (settings_.on_refusal) settings_.on_refusal(accepted.peer.text(), reason);
}

// One answer, of which what the socket does not take at once is lost: nothing is kept of whoever is turned away.
void Connections::turn_away(const Accepted& accepted, std::string_view reason) {
  const Answer answer = answerer_.refuse({503, reason, {}, false}, accepted.peer);
  static_cast<void>(send_some(accepted.socket.get(), answer.bytes));
}

// Closes the connection that has been idle longest, rather than turn away one that has something to ask. A proxy's go
// last: they are many people's.
Connections::Ended Connections::make_room() {
  for (const auto* list : {&idle_, &idle_of_proxies_}) {
    if (!list->empty()) return take_out(*list->front(), "idle connection made room");
  }
  return {};
}

// Once it is admitted, and whenever a worker takes it or parks it. To splice takes no memory, so it cannot fail.
void Connections::put_in_list(Connection& connection) {
  auto& list = connection.busy || !connection.idle() ? at_work_ : connection.counted ? idle_ : idle_of_proxies_;
  if (connection.list == nullptr) {
    connection.place = list.insert(list.end(), &connection);
  } else {
    list.splice(list.end(), *connection.list, connection.place);
  }
  connection.list = &list;
}

// A worker sends them: what was sent ahead is read there, too.
void Connections::release_held(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  while (!held_.empty() && held_.begin()->first <= now) {
    const auto found = connections_.find(held_.begin()->second);
    held_.erase(held_.begin());
    if (found == connections_.end()) continue;
    Connection& connection = *found->second;
    connection.phase = Connection::Phase::writing;
    connection.deadline = now + settings_.deadlines.write;
    wake_worker(connection);
  }
}

void Connections::sweep(SteadyTime now) {
  const Deadlines& limits = settings_.deadlines;
  const auto shortest = std::min({limits.head, limits.whole, limits.idle, limits.write, limits.linger});
  next_sweep_ = now + std::clamp(shortest / 4, milliseconds(5), milliseconds(250));
  if (accept_paused_ && now >= accept_again_ && !stopping_.load()) {
    accept_paused_ = false;
    watch_socket(arrivals_.get(), EPOLL_CTL_MOD, listener_.socket(), kListenerId, EPOLLIN);
  }
  using Phase = Connection::Phase;
  std::vector<Ended> ended;
  {
    const std::lock_guard lock(mutex_);
    std::vector<Connection*> late;
    for (const auto& [id, connection] : connections_) {
      if (connection->busy) continue;
      const bool timed = connection->phase == Phase::reading || connection->phase == Phase::writing ||
                         connection->phase == Phase::lingering;
      if (!timed || now < connection->deadline) continue;
      // With every worker kept waiting it is the service that is late.
      if (connection->phase == Phase::reading && has_unread(connection->socket.get())) continue;
      late.push_back(connection.get());
    }
    for (Connection* connection : late) {
      std::string_view reason;
      if (connection->phase == Phase::writing) reason = "answer not taken in time";
      if (connection->phase == Phase::reading && !connection->idle()) reason = "request not whole in time";
      ended.push_back(take_out(*connection, reason));
    }
  }
  for (const Ended& one : ended) report(one);
}

void Connections::begin_stop(SteadyTime now) {
  stop_by_ = now + settings_.deadlines.stop;
  listener_.close();
  const std::lock_guard lock(mutex_);
  stopping_.store(true);
  std::vector<Connection*> idle;
  for (const auto& [id, connection] : connections_) {
    if (connection->busy) continue;
    if (connection->idle() || connection->phase == Connection::Phase::lingering) idle.push_back(connection.get());
  }
  for (Connection* connection : idle) static_cast<void>(take_out(*connection, {}));
}

Connections::Ended Connections::take_out(Connection& connection, std::string_view reason) {
  if (connection.counted) {
    const auto of_address = per_address_.find(connection.peer.group());
    if (--of_address->second == 0) per_address_.erase(of_address);
  }
  if (connection.list != nullptr) connection.list->erase(connection.place);
  const auto found = connections_.find(connection.id);
  Ended ended{std::move(found->second), reason};
  connections_.erase(found);
  if (stopping_.load() && connections_.empty()) raise_event(wake_);  // nothing more to wait for
  return ended;
}

void Connections::report(const Ended& ended) const {
  if (ended.reason.empty() || !settings_.on_refusal) return;
  settings_.on_refusal(ended.connection->peer.text(), ended.reason);
}

}  // namespace countersign::transport::http
