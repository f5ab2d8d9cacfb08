#include "tests/bench/load/load.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/bench/load/client.hpp"

namespace countersign::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Clients = std::vector<std::unique_ptr<Client>>;
using Samples = std::vector<std::pair<Kind, double>>;

std::chrono::nanoseconds in_nanoseconds(std::chrono::duration<double> time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time);
}

// Runs something for each client at once, and throws the first failure once all have ended.
template <class Work>
void at_once(std::size_t count, const Work& work) {
  std::mutex mutex;
  std::exception_ptr failure;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

// Between two runs of the program and two clients no name is the same.
std::vector<std::string> usernames(std::size_t client, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back("load-" + std::to_string(getpid()) + "-" + std::to_string(std::time(nullptr)) + "-" +
                    std::to_string(client) + "-" + std::to_string(i));
  }
  return names;
}

Clients make_clients(const LoadSettings& settings) {
  const Address address = address_of(settings.url);
  Clients clients(settings.connections);
  at_once(clients.size(), [&](std::size_t i) {
    clients[i] = std::make_unique<Client>(address, settings.mix, usernames(i, settings.accounts), settings.path);
  });
  return clients;
}

// The operations of one client. The k-th of n clients together is due k/rate after the beginning.
Samples run_client(Client& client, std::size_t number, const LoadSettings& settings, Clock::time_point begin,
                   Clock::time_point end, const std::atomic<bool>& stopped) {
  Samples samples;
  std::minstd_rand random(static_cast<unsigned>(number + 1));
  for (std::size_t turn = 0; !stopped; ++turn) {
    Clock::time_point due = Clock::now();
    if (settings.rate) {
      const auto place = static_cast<double>(number + turn * settings.connections);
      due = begin + in_nanoseconds(std::chrono::duration<double>(place / *settings.rate));
    }
    if (due >= end) break;
    std::this_thread::sleep_until(due);
    const Kind kind = settings.mix.pick(random);
    client.perform(kind);
    samples.emplace_back(kind, std::chrono::duration<double, std::milli>(Clock::now() - due).count());
  }
  return samples;
}

std::vector<Samples> run_clients(Clients& clients, const LoadSettings& settings, std::chrono::duration<double> time) {
  std::vector<Samples> samples(clients.size());
  std::atomic<bool> stopped{false};
  const auto begin = Clock::now();
  at_once(clients.size(), [&](std::size_t i) {
    try {
      samples[i] = run_client(*clients[i], i, settings, begin, begin + in_nanoseconds(time), stopped);
    } catch (...) {
      stopped = true;
      throw;
    }
  });
  return samples;
}

test::MachineUse use_of_server(pid_t process) {
  const test::MachineUse use = test::use_of(process);
  if (use.threads == 0) throw std::runtime_error("no process " + std::to_string(process));
  return use;
}

}  // namespace

std::size_t LoadResult::operations() const {
  std::size_t count = 0;
  for (const auto& [kind, times] : milliseconds) count += times.size();
  return count;
}

LoadResult run_load(const LoadSettings& settings) {
  Clients clients = make_clients(settings);
  run_clients(clients, settings, settings.warm_up);
  // No operation is under way at either reading, so what the server used is divided by what it did.
  LoadResult result;
  if (settings.process) result.before = use_of_server(*settings.process);
  const auto begin = Clock::now();
  const auto samples = run_clients(clients, settings, settings.time);
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (settings.process) result.after = use_of_server(*settings.process);
  for (const Samples& of_one : samples) {
    for (const auto& [kind, milliseconds] : of_one) result.milliseconds[kind].push_back(milliseconds);
  }
  for (auto& [kind, times] : result.milliseconds) std::sort(times.begin(), times.end());
  return result;
}

}  // namespace countersign::bench
