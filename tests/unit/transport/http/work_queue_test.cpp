#include "transport/http/work_queue.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace countersign::transport::http;

namespace {

bool push(WorkQueue& queue, std::uint64_t number, bool quick) {
  Work work;
  work.connection = number;
  work.quick = quick;
  return queue.push(work);
}

std::uint64_t pop(WorkQueue& queue) {
  const auto work = queue.pop();
  return work ? work->connection : 0;
}

}  // namespace

TEST_CASE("work is taken in the order it came whichever lane it waits in") {
  WorkQueue queue(8, 8);
  for (std::uint64_t i = 1; i <= 6; ++i) REQUIRE(push(queue, i, i % 2 == 0));
  for (std::uint64_t i = 1; i <= 6; ++i) CHECK(pop(queue) == i);
}

TEST_CASE("a full lane turns away and the other goes on") {
  WorkQueue queue(2, 1);
  CHECK(push(queue, 1, false));
  CHECK(push(queue, 2, false));
  CHECK_FALSE(push(queue, 3, false));
  CHECK(push(queue, 4, true));
}

TEST_CASE("what takes long never takes the last worker") {
  WorkQueue queue(8, 1);
  push(queue, 1, false);
  push(queue, 2, false);
  push(queue, 3, true);
  CHECK(pop(queue) == 1);
  CHECK(pop(queue) == 3);  // 2 waits until 1 is done
  auto next = std::async(std::launch::async, [&] { return pop(queue); });
  CHECK(next.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  queue.done(false);
  CHECK(next.get() == 2);
}

TEST_CASE("a closed queue gives nothing and takes nothing") {
  WorkQueue queue(8, 1);
  auto waiting = std::async(std::launch::async, [&] { return pop(queue); });
  queue.close();
  CHECK(waiting.get() == 0);
  CHECK_FALSE(push(queue, 1, true));
  push(queue, 2, true);
  CHECK(pop(queue) == 0);
}
