#include "auth/base/log_writer.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/support/waiting.hpp"

using namespace countersign::auth;
using namespace countersign::test;

namespace {

// A place to write to that takes nothing while it is closed. Shared, for a writer may leave its thread behind.
class Sink {
 public:
  bool write(std::string_view line) {
    std::unique_lock lock(mutex_);
    ++writing_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --writing_;
    if (broken_) {
      ++failures_;
      return false;
    }
    lines_.emplace_back(line);
    changed_.notify_all();
    return true;
  }
  void set(bool open, bool broken = false) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    broken_ = broken;
    changed_.notify_all();
  }
  void until_writing() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(60), [this] { return writing_ != 0; }));
  }
  int failures() {
    const std::lock_guard lock(mutex_);
    return failures_;
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  int writing_ = 0;
  int failures_ = 0;
  bool open_ = true;
  bool broken_ = false;
};

std::unique_ptr<LogWriter> writer_to(const std::shared_ptr<Sink>& sink) {
  return std::make_unique<LogWriter>([sink](std::string_view line) { return sink->write(line); },
                                     [](std::uint64_t count) { return "dropped " + std::to_string(count); });
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines of the log are written in their order and none is lost at the end") {
  const auto sink = std::make_shared<Sink>();
  Lines expected;
  {
    const auto writer = writer_to(sink);
    for (int i = 0; i < 1000; ++i) {
      expected.push_back(std::to_string(i));
      writer->add(expected.back());
    }
  }
  CHECK(sink->lines() == expected);
}

TEST_CASE("a log that is not read keeps nobody waiting and says afterwards what was dropped") {
  const auto sink = std::make_shared<Sink>();
  sink->set(false);
  const auto writer = writer_to(sink);
  writer->add("first");
  sink->until_writing();
  const std::string half(LogWriter::kBytesMax / 2, 'x');
  writer->add(half);
  writer->add(half);
  for (int i = 0; i < 7; ++i) writer->add("too much");
  sink->set(true);
  const Lines expected = {"first", half, half, "dropped 7"};
  CHECK(comes_true([&] { return sink->lines() == expected; }));
  CHECK(writer->dropped() == 7);
  writer->add("next");
  CHECK(comes_true([&] { return sink->lines().back() == "next"; }));
}

TEST_CASE("what could not be written counts as dropped once something can be") {
  const auto sink = std::make_shared<Sink>();
  sink->set(true, true);
  const auto writer = writer_to(sink);
  writer->add("one");
  writer->add("two");
  REQUIRE(comes_true([&] { return sink->failures() >= 3; }));  // and once to say so
  sink->set(true);
  writer->add("three");
  CHECK(comes_true([&] { return sink->lines().size() == 2; }));
  Lines lines = sink->lines();
  std::sort(lines.begin(), lines.end());
  CHECK(lines == Lines{"dropped 2", "three"});
  CHECK(writer->dropped() == 2);
}

TEST_CASE("a log that is not read does not keep its writer from ending") {
  const auto sink = std::make_shared<Sink>();
  sink->set(false);
  auto writer = writer_to(sink);
  writer->add("first");
  sink->until_writing();
  writer->add("second");
  writer.reset();  // or the test ends here
  CHECK(sink->lines().empty());
  sink->set(true);
  const Lines expected = {"first", "second"};
  CHECK(comes_true([&] { return sink->lines() == expected; }));
}
