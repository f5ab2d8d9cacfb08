#include "auth/passwords/hasher.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "tests/support/held_hasher.hpp"
#include "tests/support/house.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

const Bytes kSalt(passwords::kSaltBytes, 1);
const Secret kPassword{as_bytes("hunter2")};
const Secret kNoPepper;
const passwords::HashRequest kRequest{kPassword, kSalt, {passwords::kMemoryKibMin, 1, 1}, kNoPepper};

}  // namespace

TEST_CASE("S17 so many hashes run at once and so many wait and the next is refused at once") {
  HashGate gate;
  passwords::Hasher hasher(gate.settings(2, 16));
  std::atomic<int> hashed{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 18; ++i) {
    callers.emplace_back([&] { hashed += outcome(hasher.hash(kRequest)) == "ok" ? 1 : 0; });
  }
  // Counted as running a moment before it is at the gate.
  wait_until([&] { return gate.most_at_once() == 2 && hasher.counts().waiting == 16; });
  CHECK(outcome(hasher.hash(kRequest)) == "hasher_busy");
  CHECK(outcome(hasher.hash(kRequest)) == "hasher_busy");
  CHECK(gate.most_at_once() == 2);
  CHECK(hashed == 0);
  gate.open();
  for (std::thread& caller : callers) caller.join();
  CHECK(hashed == 18);
  CHECK(gate.most_at_once() == 2);
  const WorkCounts counts = hasher.counts();
  CHECK(counts.begun == 18);
  CHECK(counts.refused == 2);
  CHECK(counts.running == 0);
  CHECK(counts.waiting == 0);
  CHECK(outcome(hasher.hash(kRequest)) == "ok");
}

TEST_CASE("S17 a queue of none lets as many in as hash at once") {
  HashGate gate;
  passwords::Hasher hasher(gate.settings(1, 0));
  std::string answer;
  std::thread caller([&] { answer = outcome(hasher.hash(kRequest)); });
  wait_until([&] { return hasher.counts().running == 1; });
  CHECK(outcome(hasher.hash(kRequest)) == "hasher_busy");
  gate.open();
  caller.join();
  CHECK(answer == "ok");
  CHECK(outcome(hasher.hash(kRequest)) == "ok");
}

TEST_CASE("S17 as many at once as there are cores unless it is said otherwise") {
  HashGate gate;
  passwords::Hasher hasher(gate.settings(0, 16));
  std::atomic<std::size_t> hashed{0};
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < passwords::hashes_at_once() + 2; ++i) {
    callers.emplace_back([&] { hashed += outcome(hasher.hash(kRequest)) == "ok" ? 1 : 0; });
  }
  wait_until([&] { return hasher.counts().running == passwords::hashes_at_once() && hasher.counts().waiting == 2; });
  gate.open();
  for (std::thread& caller : callers) caller.join();
  CHECK(hashed == passwords::hashes_at_once() + 2);
  CHECK(gate.most_at_once() == passwords::hashes_at_once());
}

TEST_CASE("S17 an arena belongs to a thread of the hasher and is used again") {
  std::mutex mutex;
  std::set<std::pair<std::thread::id, passwords::Arena*>> used;
  passwords::HasherSettings settings;
  settings.at_once = 2;
  settings.compute = [&](const passwords::HashRequest& request, passwords::Arena& arena) {
    {
      const std::lock_guard lock(mutex);
      used.emplace(std::this_thread::get_id(), &arena);
    }
    return compute_argon2id(request, arena);
  };
  passwords::Hasher hasher(std::move(settings));
  std::atomic<int> hashed{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int n = 0; n < 2; ++n) hashed += outcome(hasher.hash(kRequest)) == "ok" ? 1 : 0;
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(hashed == 16);
  CHECK(used.size() >= 1);
  CHECK(used.size() <= 2);
  std::set<std::thread::id> threads;
  for (const auto& [thread, arena] : used) threads.insert(thread);
  CHECK(threads.size() == used.size());
  CHECK_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST_CASE("a hash that had no memory is a failure of the hasher and the next one works") {
  int calls = 0;
  passwords::HasherSettings settings;
  settings.at_once = 1;
  settings.compute = [&](const passwords::HashRequest& request, passwords::Arena& arena) -> Result<Secret> {
    ++calls;
    if (calls == 1) throw std::bad_alloc();
    if (calls == 2) return fail(ErrorCode::hasher_failed, "as told");
    return compute_argon2id(request, arena);
  };
  passwords::Hasher hasher(std::move(settings));
  CHECK(outcome(hasher.hash(kRequest)) == "hasher_failed");
  CHECK(outcome(hasher.hash(kRequest)) == "hasher_failed");
  CHECK(outcome(hasher.hash(kRequest)) == "ok");
}

TEST_CASE("a hasher that hashed nothing has no thread to end") {
  for (int i = 0; i < 100; ++i) passwords::Hasher hasher(passwords::HasherSettings{});
  CHECK(face_of(ErrorCode::hasher_busy) == Face::unavailable);
  CHECK(face_of(ErrorCode::hasher_failed) == Face::unavailable);
}
