#include "tests/endurance/flood.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string_view>

#include "storage/base/file_descriptor.hpp"
#include "tests/endurance/priority.hpp"

namespace countersign::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{50};
constexpr int kLittleRoom = 4096;

// Did it do what it is there for?
bool was_felt(const Manner& manner, const FloodCounts& counts) {
  if (counts.connected == 0) return false;
  if (manner.resets) return counts.resets > 0;
  if (manner.requests.empty()) return true;
  if (manner.one_by_one || !manner.reads) return counts.bytes > 0;
  return counts.answered() > 0;
}

// Counts the answers in what a connection reads.
class AnswerCounter {
 public:
  // How many have ended.
  std::size_t feed(std::string_view bytes, FloodCounts& counts) {
    std::size_t ended = 0;
    while (!bytes.empty()) {
      if (body_left_ > 0) {
        const std::size_t of_body = std::min(body_left_, bytes.size());
        body_left_ -= of_body;
        bytes.remove_prefix(of_body);
      } else {
        const std::size_t had = head_.size();
        head_ += bytes;
        const auto end = head_.find("\r\n\r\n");
        if (end == std::string::npos) break;
        bytes.remove_prefix(end + 4 - had);
        head_.resize(end);
        ++counts.answers[head_.size() > 12 ? std::atoi(head_.c_str() + 9) : 0];
        const auto length = head_.find("Content-Length: ");
        if (length != std::string::npos) body_left_ = std::strtoul(head_.c_str() + length + 16, nullptr, 10);
        head_.clear();
      }
      if (body_left_ == 0) ++ended;
    }
    return ended;
  }

 private:
  std::string head_;
  std::size_t body_left_ = 0;
};

// A connection as it is tried, made and lost.
struct HostileConnection {
  FileDescriptor socket;
  bool connected = false;
  bool asking = false;  // else it waits for an answer, or has nothing to say
  std::size_t turn = 0;
  std::size_t sent = 0;  // of the request whose turn it is
  AnswerCounter answers;
};

// The thread of a flood.
class Driver {
 public:
  Driver(std::uint16_t port, const std::string& from, const Manner& manner, FloodCounts& counts)
      : manner_(manner), counts_(counts), epoll_(epoll_create1(EPOLL_CLOEXEC)), connections_(manner.connections) {
    server_.sin_family = own_.sin_family = AF_INET;
    server_.sin_port = htons(port);
    server_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    inet_pton(AF_INET, from.c_str(), &own_.sin_addr);
    for (std::size_t i = 0; i < connections_.size(); ++i) connections_[i].turn = i;
  }

  void run(std::atomic<bool>& felt, const std::atomic<bool>& stopped) {
    std::array<epoll_event, 256> events{};
    auto next_tick = Clock::now();
    while (!stopped) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_tick - Clock::now());
      const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        see(connections_[event.data.u64], event.events);
      }
      if (Clock::now() < next_tick) continue;
      next_tick = Clock::now() + kTick;
      for (HostileConnection& connection : connections_) tick(connection);
      felt = was_felt(manner_, counts_);
    }
  }

 private:
  std::uint64_t number_of(const HostileConnection& connection) const {
    return static_cast<std::uint64_t>(&connection - connections_.data());
  }
  const std::string& request_of(const HostileConnection& connection) const {
    return manner_.requests[connection.turn % manner_.requests.size()];
  }
  // What is said at once of a request.
  std::size_t at_once(const HostileConnection& connection) const {
    const std::size_t size = request_of(connection).size();
    return manner_.one_by_one ? size - std::min(size, manner_.bytes_one_by_one) : size;
  }

  // The socket is none where the system has none left: the next tick tries again.
  void open(HostileConnection& connection) {
    connection.socket = FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    connection.connected = false;
    connection.asking = !manner_.requests.empty();
    connection.sent = 0;
    connection.answers = {};
    const int on = 1;
    // The port is chosen as it connects, among all that are free towards this server.
    setsockopt(connection.socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    // Closed by a reset, so that no port waits for a minute until it can be used again.
    const linger none{1, 0};
    setsockopt(connection.socket.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    if (!manner_.reads) {
      setsockopt(connection.socket.get(), SOL_SOCKET, SO_RCVBUF, &kLittleRoom, sizeof kLittleRoom);
    }
    if (bind(connection.socket.get(), reinterpret_cast<const sockaddr*>(&own_), sizeof own_) != 0 ||
        (connect(connection.socket.get(), reinterpret_cast<const sockaddr*>(&server_), sizeof server_) != 0 &&
         errno != EINPROGRESS)) {
      connection.socket = {};
      return;
    }
    ++counts_.tries;
    watch(connection, EPOLL_CTL_ADD);
  }

  void watch(const HostileConnection& connection, int operation) {
    epoll_event event{};
    event.events = EPOLLRDHUP;
    if (manner_.reads) event.events |= EPOLLIN;
    const bool has_to_say = connection.asking && connection.sent < at_once(connection);
    if (!connection.connected || has_to_say) event.events |= EPOLLOUT;
    event.data.u64 = number_of(connection);
    epoll_ctl(epoll_.get(), operation, connection.socket.get(), &event);
  }

  void lose(HostileConnection& connection) {
    ++counts_.ended;
    connection.socket = {};
    open(connection);
  }

  void see(HostileConnection& connection, std::uint32_t events) {
    if ((events & EPOLLIN) != 0 && !read_some(connection)) return lose(connection);
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return lose(connection);
    if ((events & EPOLLRDHUP) != 0 && !manner_.reads) return lose(connection);
    if ((events & EPOLLOUT) == 0) return;
    if (!connection.connected) {
      connection.connected = true;
      ++counts_.connected;
    }
    say(connection);
  }

  // False at its end.
  bool read_some(HostileConnection& connection) {
    std::array<char, 16384> buffer{};
    const ssize_t count = recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    const std::size_t answers = connection.answers.feed({buffer.data(), static_cast<std::size_t>(count)}, counts_);
    if (answers > 0 && manner_.waits) {
      ++connection.turn;
      connection.sent = 0;
      connection.asking = true;
      watch(connection, EPOLL_CTL_MOD);
    }
    return true;
  }

  void say(HostileConnection& connection) {
    if (connection.asking) say_to(connection, at_once(connection));
    if (manner_.resets && (!connection.asking || manner_.requests.empty())) {
      ++counts_.resets;
      ++connection.turn;
      connection.socket = {};
      return open(connection);
    }
    watch(connection, EPOLL_CTL_MOD);
  }

  void say_to(HostileConnection& connection, std::size_t end) {
    const std::string& request = request_of(connection);
    const ssize_t count = send(connection.socket.get(), request.data() + connection.sent, end - connection.sent,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) return;
    connection.sent += static_cast<std::size_t>(count);
    counts_.bytes += static_cast<std::size_t>(count);
    if (connection.sent < request.size()) return;
    ++counts_.requests;
    if (manner_.waits) {
      connection.asking = false;
    } else {
      ++connection.turn;
      connection.sent = 0;
    }
  }

  void tick(HostileConnection& connection) {
    if (connection.socket.get() < 0) return open(connection);
    if (!manner_.one_by_one || !connection.connected || !connection.asking) return;
    if (connection.sent >= at_once(connection)) say_to(connection, connection.sent + 1);
  }

  const Manner& manner_;
  FloodCounts& counts_;
  FileDescriptor epoll_;
  std::vector<HostileConnection> connections_;
  sockaddr_in server_{};
  sockaddr_in own_{};
};

}  // namespace

std::size_t FloodCounts::answered() const {
  std::size_t count = 0;
  for (const auto& [status, times] : answers) count += times;
  return count;
}

std::size_t FloodCounts::refused() const {
  std::size_t count = 0;
  for (const auto& [status, times] : answers) count += status >= 400 ? times : 0;
  return count;
}

FloodCounts& FloodCounts::operator+=(const FloodCounts& other) {
  tries += other.tries;
  connected += other.connected;
  ended += other.ended;
  resets += other.resets;
  requests += other.requests;
  bytes += other.bytes;
  for (const auto& [status, times] : other.answers) answers[status] += times;
  return *this;
}

Flood::Flood(std::uint16_t port, std::string from, Manner manner)
    : manner_(std::move(manner)), thread_([this, port, from = std::move(from)] {
        run_behind_others();
        Driver(port, from, manner_, counts_).run(felt_, stopped_);
      }) {}

Flood::~Flood() {
  if (thread_.joinable()) stop();
}

const FloodCounts& Flood::stop() {
  stopped_ = true;
  thread_.join();
  return counts_;
}

}  // namespace countersign::test
