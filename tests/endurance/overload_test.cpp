// One address does to a server what it can, while people at other addresses log in and show their sessions.
//
// The floods come one after the other, each from an address of its own, so that each has all that the limits grant;
// then all of them at once from one address. The ordinary case judges what holds on any machine. The long one judges
// the times as well, as ratios, and wants the machine for itself.
#include <signal.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iomanip>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/endurance/honest_clients.hpp"
#include "tests/endurance/manners.hpp"
#include "tests/endurance/memory_watch.hpp"
#include "tests/support/machine_use.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign::test;

namespace {

using std::chrono::milliseconds;

constexpr double kMemoryMibMax = 400;
constexpr double kSlowerMax = 10;  // p99 of the checks under load, by p99 when idle
constexpr double kNormalSecondsMax = 5;
constexpr double kServedPercentMin = 99;
// Below, a p99 is the machine's noise, and no sign of what a flood left.
constexpr double kNormalMillisecondsMin = 5;
// Longer than a server keeps what was refused.
constexpr milliseconds kLingering{1500};
constexpr std::int64_t kSettledKib = 1024;
// A thread that finds every reader of the store taken opens one more, which is kept: two files or so. What a flood left
// open would be hundreds.
constexpr std::size_t kMoreDescriptorsMax = 16;

struct Lengths {
  milliseconds idle;
  milliseconds each;
  milliseconds together;
  milliseconds after;
  HonestRates rates;
};

struct Phase {
  std::string name;
  SteadyClock::time_point begin, end;
  FloodCounts counts;
};

struct Overload {
  MachineUse before, after;
  double memory_mib_max = 0;
  Phase idle, quiet_again;
  std::vector<Phase> floods;
  std::vector<std::string> unfelt;  // floods that did nothing
  std::vector<Call> calls;
  int exit_code = -1;
  bool audit_intact = false;
};

double in_mib(std::int64_t kib) {
  return static_cast<double>(kib) / 1024;
}

void allow_all_descriptors() {
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

// Once nothing that a flood began is under way, and memory has settled. Throws where that does not come.
MachineUse use_at_rest(pid_t process) {
  MachineUse last = use_of(process);
  for (int looks = 0; looks < 40; ++looks) {
    std::this_thread::sleep_for(kLingering);
    const MachineUse now = use_of(process);
    const bool memory_settled = std::abs(now.rss_kib - last.rss_kib) < kSettledKib;
    if (memory_settled && now.descriptors == last.descriptors && now.threads == last.threads) return now;
    last = now;
  }
  throw std::runtime_error("the server does not come to rest");
}

Phase quiet(std::string name, milliseconds time) {
  Phase phase{std::move(name), SteadyClock::now(), {}, {}};
  std::this_thread::sleep_for(time);
  phase.end = SteadyClock::now();
  return phase;
}

// With all of the manners at once, from one address; for longer where the machine lets nothing be done before.
Phase flood(std::string name, std::uint16_t port, const std::string& from, const std::vector<Manner>& manners,
            milliseconds time, std::vector<std::string>& unfelt) {
  Phase phase{std::move(name), SteadyClock::now(), {}, {}};
  std::deque<Flood> floods;
  for (const Manner& manner : manners) floods.emplace_back(port, from, manner);
  std::this_thread::sleep_for(time);
  const auto felt = [&] {
    return std::any_of(floods.begin(), floods.end(), [](const Flood& one) { return one.felt(); });
  };
  if (!comes_true(felt)) unfelt.push_back(phase.name);
  phase.end = SteadyClock::now();
  for (Flood& one : floods) phase.counts += one.stop();
  return phase;
}

Overload overload(const Lengths& lengths) {
  allow_all_descriptors();
  const Installation installation;
  RunningServer server(installation);
  const std::vector<Manner> manners = every_manner(installation, server);
  Overload seen;
  // What a server makes when it is first needed, such as the threads that hash, it keeps.
  for (const Manner& manner : manners) {
    flood("warm-up", server.port(), "127.0.1.200", {manner}, milliseconds(100), seen.unfelt);
  }
  seen.before = use_at_rest(server.pid());
  HonestClients honest(installation, server, lengths.rates);
  {
    const MemoryWatch memory(server.pid());
    seen.idle = quiet("idle", lengths.idle);
    for (std::size_t i = 0; i < manners.size(); ++i) {
      const std::string from = "127.0.1." + std::to_string(1 + i);
      seen.floods.push_back(flood(manners[i].name, server.port(), from, {manners[i]}, lengths.each, seen.unfelt));
    }
    seen.floods.push_back(flood("all at once", server.port(), "127.0.1.100", manners, lengths.together, seen.unfelt));
    seen.quiet_again = quiet("after", lengths.after);
    seen.memory_mib_max = in_mib(memory.rss_kib_max());
  }
  seen.calls = honest.stop();
  seen.after = use_at_rest(server.pid());
  seen.exit_code = server.stop(SIGTERM);
  seen.audit_intact = field(installation.json({"audit", "verify"}), "intact") == "true";
  return seen;
}

bool is_check(const Call& call) {
  return call.kind != CallKind::login;
}

// Of the calls that are meant and were due in the time, sorted.
template <class Meant>
std::vector<double> times(const std::vector<Call>& calls, SteadyClock::time_point begin, SteadyClock::time_point end,
                          const Meant& meant) {
  std::vector<double> found;
  for (const Call& call : calls) {
    if (call.due >= begin && call.due < end && meant(call)) found.push_back(call.milliseconds);
  }
  std::sort(found.begin(), found.end());
  return found;
}

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

double check_p99(const Overload& seen, const Phase& phase) {
  return percentile(times(seen.calls, phase.begin, phase.end, is_check), 0.99);
}

SteadyClock::time_point load_begins(const Overload& seen) {
  return seen.floods.front().begin;
}

SteadyClock::time_point load_ends(const Overload& seen) {
  return seen.floods.back().end;
}

double loaded_p99(const Overload& seen) {
  return percentile(times(seen.calls, load_begins(seen), load_ends(seen), is_check), 0.99);
}

// Until the checks of one whole second are as they are when nobody does harm; as long as there is, where they never
// are.
double seconds_until_normal(const Overload& seen) {
  const double bound = std::max(kNormalMillisecondsMin, 2 * check_p99(seen, seen.idle));
  milliseconds after{0};
  for (; load_ends(seen) + after + milliseconds(1000) < seen.quiet_again.end; after += milliseconds(100)) {
    const auto begin = load_ends(seen) + after;
    if (percentile(times(seen.calls, begin, begin + milliseconds(1000), is_check), 0.99) <= bound) break;
  }
  return std::chrono::duration<double>(after).count();
}

// Of the calls that were due under load.
template <class Meant>
double served_percent(const Overload& seen, const Meant& meant) {
  double served = 0, all = 0;
  for (const Call& call : seen.calls) {
    if (call.due < load_begins(seen) || call.due >= load_ends(seen) || !meant(call)) continue;
    ++all;
    if (is_served(call)) ++served;
  }
  return all == 0 ? 0 : 100 * served / all;
}

std::string fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

class Table {
 public:
  void row(const Overload& seen, const Phase& phase) {
    const FloodCounts& counts = phase.counts;
    const auto kind_p99 = [&](CallKind kind) {
      return percentile(times(seen.calls, phase.begin, phase.end, [&](const Call& call) { return call.kind == kind; }),
                        0.99);
    };
    row(phase.name, {std::to_string(counts.tries), std::to_string(counts.ended), std::to_string(counts.requests),
                     std::to_string(counts.answered() - counts.refused()), std::to_string(counts.refused()),
                     fixed(kind_p99(CallKind::kept), 1), fixed(kind_p99(CallKind::fresh), 1)});
  }
  void row(const std::string& name, const std::vector<std::string>& cells) {
    out_ << std::left << std::setw(17) << name << std::right;
    for (std::size_t i = 0; i < cells.size(); ++i) out_ << std::setw(i < 2 ? 8 : i < 5 ? 9 : 7) << cells[i];
    out_ << "\n";
  }
  void figure(const std::string& name, const std::string& value, const std::string& limit) {
    out_ << std::left << std::setw(45) << name << std::right << std::setw(14) << value << "  " << limit << "\n";
  }
  std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
};

std::string report(const Overload& seen) {
  Table table;
  table.row("", {"", "", "", "", "", "check", "p99 ms"});
  table.row("flood", {"connects", "ended", "requests", "granted", "refused", "kept", "new"});
  table.row(seen, seen.idle);
  for (const Phase& phase : seen.floods) table.row(seen, phase);
  table.row(seen, seen.quiet_again);
  const auto idle = times(seen.calls, seen.idle.begin, seen.idle.end, is_check);
  const auto loaded = times(seen.calls, load_begins(seen), load_ends(seen), is_check);
  const double idle_p99 = percentile(idle, 0.99), load_p99 = percentile(loaded, 0.99);
  table.figure("resident memory, most, MiB", fixed(seen.memory_mib_max, 1), "< " + fixed(kMemoryMibMax, 0));
  table.figure("resident memory, before and after, MiB",
               fixed(in_mib(seen.before.rss_kib), 0) + " " + fixed(in_mib(seen.after.rss_kib), 0), "");
  table.figure("checks, idle, median and p99, ms", fixed(percentile(idle, 0.5), 2) + " " + fixed(idle_p99, 2), "");
  table.figure("checks, under load, median and p99, ms", fixed(percentile(loaded, 0.5), 2) + " " + fixed(load_p99, 2),
               "");
  table.figure("the same p99 / idle", fixed(load_p99 / idle_p99, 2), "<= " + fixed(kSlowerMax, 0));
  table.figure("normal again within, s", fixed(seconds_until_normal(seen), 1), "<= " + fixed(kNormalSecondsMax, 0));
  table.figure("checks served, of 100", fixed(served_percent(seen, is_check), 2), ">= " + fixed(kServedPercentMin, 0));
  table.figure("key logins served, of 100", fixed(served_percent(seen, std::not_fn(is_check)), 2),
               ">= " + fixed(kServedPercentMin, 0));
  table.figure("descriptors, before and after",
               std::to_string(seen.before.descriptors) + " " + std::to_string(seen.after.descriptors),
               "<= " + std::to_string(kMoreDescriptorsMax) + " more");
  table.figure("threads, before and after",
               std::to_string(seen.before.threads) + " " + std::to_string(seen.after.threads), "no more");
  return "\n" + table.text();
}

void judge_on_any_machine(const Overload& seen) {
  CHECK(seen.unfelt == std::vector<std::string>());
  CHECK(seen.memory_mib_max < kMemoryMibMax);
  std::size_t right = 0;
  for (const Call& call : seen.calls) {
    // What is not answered in time is the machine's matter here.
    if (call.status != 0 && !call.right) FAIL_CHECK("an honest client was answered " << call.status);
    if (call.right) ++right;
  }
  CHECK(right > 0);
  CHECK(seen.after.descriptors <= seen.before.descriptors + kMoreDescriptorsMax);
  CHECK(seen.after.threads <= seen.before.threads);
  CHECK(seen.exit_code == 0);
  CHECK(seen.audit_intact);
}

}  // namespace

TEST_CASE("S61 one address that does its worst keeps nobody else from being served") {
  const Overload seen = overload(
      {milliseconds(1000), milliseconds(400), milliseconds(1500), milliseconds(1500), {50, milliseconds(500)}});
  WARN(report(seen));
  judge_on_any_machine(seen);
}

TEST_CASE("S61 minutes of overload from one address slow others little, and leave nothing behind", "[.long]") {
  const Overload seen = overload({milliseconds(20'000),
                                  milliseconds(20'000),
                                  milliseconds(60'000),
                                  milliseconds(15'000),
                                  {100, milliseconds(1000)}});
  WARN(report(seen));
  judge_on_any_machine(seen);
  CHECK(loaded_p99(seen) <= kSlowerMax * check_p99(seen, seen.idle));
  CHECK(seconds_until_normal(seen) <= kNormalSecondsMax);
  CHECK(served_percent(seen, is_check) >= kServedPercentMin);
  CHECK(served_percent(seen, std::not_fn(is_check)) >= kServedPercentMin);
}
