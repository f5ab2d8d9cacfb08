#include "tests/endurance/faults.hpp"

#include <signal.h>

#include <algorithm>
#include <thread>

#include "tests/support/waiting.hpp"

namespace countersign::test {

using std::chrono::milliseconds;

namespace {

// Less than what the server takes for a wrong clock, and more than what it takes for drift.
constexpr std::chrono::minutes kAhead{40};
constexpr std::chrono::hours kFarAhead{30};

}  // namespace

void Faults::pause(milliseconds least, milliseconds most) {
  const auto span = static_cast<std::uint64_t>((most - least).count());
  std::this_thread::sleep_for(least + milliseconds(random_() % (span + 1)));
}

void Faults::strike() {
  if (coming_.empty()) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) coming_.push_back(static_cast<Kind>(kind));
    std::shuffle(coming_.begin(), coming_.end(), random_);
  }
  const Kind kind = coming_.back();
  coming_.pop_back();
  const std::string fallen = machine_.fallen();
  if (!fallen.empty()) return tally_.violate(fallen);
  strike(kind);
}

void Faults::strike(Kind kind) {
  switch (kind) {
    case Kind::kill_one:
      kill_servers(false);
      break;
    case Kind::kill_both:
      kill_servers(true);
      break;
    case Kind::end_one: {
      tally_.count("server told to end");
      const std::size_t server = any_server();
      const int ended = machine_.stop(server, SIGTERM);
      if (ended != 0) tally_.violate("a server that was told to end did so with " + std::to_string(ended));
      machine_.start(server);
      break;
    }
    case Kind::stop_one:
    case Kind::kill_stopped: {
      const std::size_t server = any_server();
      machine_.signal(server, SIGSTOP);
      pause(milliseconds(500), milliseconds(4000));
      if (kind == Kind::stop_one) {
        tally_.count("server stopped for seconds");
        machine_.signal(server, SIGCONT);
      } else {
        tally_.count("stopped server killed");
        machine_.stop(server, SIGKILL);
        machine_.start(server);
      }
      break;
    }
    case Kind::fill_disk:
    case Kind::kill_on_full_disk:
      fill_disk(kind == Kind::kill_on_full_disk);
      break;
    case Kind::clock_ahead:
      set_clock_ahead();
      break;
    case Kind::clock_far_ahead:
      set_clock_far_ahead();
      break;
    case Kind::time_passes:
      let_time_pass();
      break;
  }
  await_ready("a fault");
}

void Faults::kill_servers(bool both) {
  tally_.count(both ? "both servers killed" : "server killed");
  const std::size_t first = any_server();
  const std::size_t second = (first + 1) % Machine::kServers;
  machine_.stop(first, SIGKILL);
  if (both) machine_.stop(second, SIGKILL);
  machine_.start(first);
  if (both) machine_.start(second);
}

void Faults::fill_disk(bool with_kill) {
  if (!disk_.fill()) return;
  tally_.count(with_kill ? "server killed on a full disk" : "disk full");
  // SQLite's log is written again from its beginning, and so has room for some seconds of commits.
  pause(milliseconds(1000), milliseconds(5000));
  const std::size_t server = any_server();
  if (with_kill) {
    machine_.stop(server, SIGKILL);
    pause(milliseconds(100), milliseconds(1000));
  }
  disk_.free();
  if (with_kill) machine_.start(server);
}

// A clock that is set ahead by less than an hour is believed, and what it said stays the latest time seen once it is
// right again: proofs are refused until an administrator says so.
void Faults::set_clock_ahead() {
  if (!SetClock::can_be_set()) return;
  tally_.count("clock ahead");
  {
    const auto alone = machine_.no_commands();
    machine_.clock().set(passed_ + kAhead);
    pause(milliseconds(500), milliseconds(2000));
    machine_.clock().set_back(passed_, passed_ + kAhead);
  }
  pause(milliseconds(200), milliseconds(2000));
  if (!comes_true([&] { return machine_.run({"clock", "accept", "--yes"}).exit_code == 0; })) {
    tally_.violate("the clock was never accepted");
  }
  await_ready("a clock that was accepted");
  machine_.clock().settle();
}

// One that is further ahead is not believed: whatever looks over while it lasts is not, afterwards. A program that
// starts in the meantime could not know.
void Faults::set_clock_far_ahead() {
  if (!SetClock::can_be_set()) return;
  tally_.count("clock far ahead");
  const auto alone = machine_.no_commands();
  machine_.clock().set(passed_ + kFarAhead);
  pause(milliseconds(500), milliseconds(2500));
  machine_.clock().set(passed_);
}

// More than the longest life of a session, while no server ran.
void Faults::let_time_pass() {
  if (!SetClock::can_be_set()) return;
  tally_.count("a day passed");
  const auto alone = machine_.no_commands();
  for (std::size_t i = 0; i < Machine::kServers; ++i) machine_.stop(i, SIGKILL);
  passed_ += kPassing;
  machine_.clock().set(passed_);
  for (std::size_t i = 0; i < Machine::kServers; ++i) machine_.start(i);
}

void Faults::await_ready(const char* after) {
  for (std::size_t i = 0; i < Machine::kServers; ++i) {
    WireReply last;
    const bool ready = comes_true([&] {
      last = ask(machine_.port(i), http_request("GET", "/readyz"));
      return last.status == 200;
    });
    if (!ready) tally_.violate(std::string("no server became ready after ") + after + ": " + last.body);
  }
}

}  // namespace countersign::test
