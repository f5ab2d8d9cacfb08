// Two servers on one store, clients of every kind, commands beside them, and faults: what was acknowledged holds, what
// was refused did not happen, and what was not answered is one or the other.
//
// COUNTERSIGN_ENDURANCE_SECONDS sets how long each case of these lasts, and COUNTERSIGN_ENDURANCE_SEED repeats its
// faults and choices:
//
//   COUNTERSIGN_ENDURANCE_SECONDS=300 build/dev/tests/endurance_tests '*an hour*'
#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tests/endurance/client.hpp"
#include "tests/endurance/faults.hpp"
#include "tests/endurance/operator.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t kClients = 4;
constexpr std::size_t kAccountsEach = 3;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Load {
 public:
  Load(const std::string& storage, seconds time, std::uint64_t seed)
      : storage_(storage), time_(time), seed_(seed), machine_(storage), disk_(machine_.installation().data()) {
    for (std::size_t i = 0; i < kClients; ++i) {
      const std::string name(1, static_cast<char>('a' + i));
      clients_.push_back(std::make_unique<Client>(machine_, tally_, "client-" + name, kAccountsEach, seed_ + i));
    }
  }

  void run() {
    start_servers();
    const auto started = steady_clock::now();
    const auto end = started + time_;
    std::vector<std::thread> threads;
    for (auto& client : clients_) {
      threads.push_back(repeat(end, milliseconds(2), [&acting = *client] { acting.act(); }));
    }
    Operator administrator(machine_, tally_, seed_ + kClients);
    threads.push_back(repeat(end, milliseconds(700), [&] { administrator.act(); }));
    Faults faults(machine_, disk_, tally_, seed_ + kClients + 1);
    auto told = started;
    while (steady_clock::now() < end && !tally_.violated()) {
      guarded([&] { faults.strike(); });
      std::this_thread::sleep_for(milliseconds(500));
      if (steady_clock::now() - told < std::chrono::minutes(1)) continue;
      told = steady_clock::now();
      tell_progress(std::chrono::duration_cast<seconds>(told - started));
    }
    for (auto& thread : threads) thread.join();
    if (tally_.violated()) return;
    guarded([&] { verify(administrator); });
  }

  void report() const {
    for (const std::string& violation : tally_.violations()) UNSCOPED_INFO(violation);
    if (tally_.violated()) UNSCOPED_INFO(machine_.logs());
    INFO("seed " << seed_);
    CHECK(tally_.violations().empty());
  }

  void print_figures() {
    std::uint64_t calls = 0;
    std::string kinds;
    for (std::size_t i = 0; i < kDeeds; ++i) {
      const Deed deed = static_cast<Deed>(i);
      std::array<std::uint64_t, 3> answers{};
      for (const Answer answer : {Answer::accepted, Answer::refused, Answer::none}) {
        answers[static_cast<std::size_t>(answer)] = tally_.calls(deed, answer);
      }
      const std::uint64_t sum = answers[0] + answers[1] + answers[2];
      calls += sum;
      kinds += fmt::format("{}{} {} ({} accepted, {} refused, {} unanswered)", i == 0 ? "" : ", ", sum, name_of(deed),
                           answers[0], answers[1], answers[2]);
    }
    std::string others;
    for (const auto& [name, count] : tally_.others()) {
      others += fmt::format("{}{} {}", others.empty() ? "" : ", ", count, name);
    }
    // Lines of their own, as test.sh gathers them.
    std::cout << fmt::format(
        "mixed load over {0}: {1} calls in {2} s (seed {3}), {4} accepted, {5} refused, {6} unanswered, {7} "
        "violations\n"
        "calls of the load over {0}: {8}\nfaults and commands over {0}: {9}\n"
        "audit records over {0}: {10} verified; a server had at most {11} KiB resident\n",
        storage_, calls, time_.count(), seed_, tally_.calls(Answer::accepted), tally_.calls(Answer::refused),
        tally_.calls(Answer::none), tally_.violations().size(), kinds, others, audit_records_, machine_.peak_rss_kib());
  }

  const Tally& tally() const { return tally_; }
  bool disk_can_be_full() const { return disk_.mounted(); }

 private:
  void start_servers() {
    for (std::size_t i = 0; i < Machine::kServers; ++i) machine_.start(i);
  }

  // What is thrown is a violation: nothing that a test needs may fail.
  template <class Work>
  void guarded(const Work& work) {
    try {
      work();
    } catch (const std::exception& thrown) {
      tally_.violate(std::string("thrown: ") + thrown.what());
    }
  }

  template <class Work>
  std::thread repeat(steady_clock::time_point end, milliseconds rest, Work work) {
    return std::thread([this, end, rest, work] {
      while (steady_clock::now() < end && !tally_.violated()) {
        guarded(work);
        std::this_thread::sleep_for(rest);
      }
    });
  }

  void tell_progress(seconds passed) const {
    std::uint64_t others = 0;
    for (const auto& [name, count] : tally_.others()) others += count;
    const std::string line =
        fmt::format("{}, seed {}: {} s, {} accepted, {} refused, {} unanswered, {} faults and commands\n", storage_,
                    seed_, passed.count(), tally_.calls(Answer::accepted), tally_.calls(Answer::refused),
                    tally_.calls(Answer::none), others);
    // Past the streams, which may be held back while a test runs.
    if (write(STDERR_FILENO, line.data(), line.size()) < 0) return;
  }

  // Under servers that were started anew, with no fault.
  void verify(Operator& administrator) {
    for (std::size_t i = 0; i < Machine::kServers; ++i) {
      const int ended = machine_.stop(i, SIGTERM);
      if (ended != 0) tally_.violate("a server ended with " + std::to_string(ended));
    }
    start_servers();
    for (auto& client : clients_) client->verify();
    audit_records_ = administrator.verify();
    for (std::size_t i = 0; i < Machine::kServers; ++i) {
      if (machine_.stop(i, SIGTERM) != 0) tally_.violate("a server did not end as it was told to");
    }
    if (storage_ != "sqlite") return;
    const auto store = machine_.installation().data() / "store.db";
    const ProgramRun check = run_program({"sqlite3", store.string(), "PRAGMA quick_check"}, "");
    if (check.output != "ok\n") tally_.violate("quick_check: " + check.output + check.error);
  }

  const std::string storage_;
  const seconds time_;
  const std::uint64_t seed_;
  Tally tally_;
  Machine machine_;
  Disk disk_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::int64_t audit_records_ = 0;
};

void load_with_faults(const std::string& storage, seconds usual) {
  const seconds time(number_from("COUNTERSIGN_ENDURANCE_SECONDS", static_cast<std::uint64_t>(usual.count())));
  const std::uint64_t seed = number_from("COUNTERSIGN_ENDURANCE_SEED", std::random_device()());
  Load load(storage, time, seed);
  if (!load.disk_can_be_full()) WARN("no file system may be mounted here, so no disk is full");
  if (!SetClock::can_be_set()) WARN("no program takes another clock under a sanitizer, so no clock is set");
  load.run();
  load.print_figures();
  load.report();
  // Else nothing was shown.
  CHECK(load.tally().calls(Deed::login, Answer::accepted) > 0);
  CHECK(load.tally().calls(Deed::check, Answer::accepted) > 0);
}

}  // namespace

TEST_CASE("servers under mixed load and faults answer as a model of each account allows") {
  SECTION("sqlite") {
    load_with_faults("sqlite", seconds(10));
  }
  SECTION("directory") {
    load_with_faults("directory", seconds(5));
  }
}

TEST_CASE("a mixed load notices sessions that end and an account that is revoked behind its back") {
  Machine machine("sqlite");
  Tally tally;
  for (std::size_t i = 0; i < Machine::kServers; ++i) machine.start(i);
  Client client(machine, tally, "client-a", 1, 1);
  while (tally.calls(Deed::login, Answer::accepted) < 10 && !tally.violated()) client.act();
  client.verify();
  REQUIRE(tally.violations().empty());
  const auto command = GENERATE(std::vector<std::string>{"session", "end", "client-a0", "--all"},
                                std::vector<std::string>{"revoke", "client-a0", "--reason", "key_retired"});
  REQUIRE(machine.run(command).exit_code == 0);
  client.verify();
  CHECK(tally.violated());
}

TEST_CASE("servers under mixed load and faults for an hour answer as a model of each account allows", "[.long]") {
  load_with_faults("sqlite", seconds(3600));
}

TEST_CASE("servers on a folder under mixed load and faults for twenty minutes answer as a model allows", "[.long]") {
  load_with_faults("directory", seconds(1200));
}
