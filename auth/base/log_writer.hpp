// Lines that wait to be written, and the one thread that writes them: whoever adds a line never waits for whoever reads
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace countersign::auth {

class LogWriter {
 public:
  // Writes a whole line. May block for any time; false where it failed.
  using Write = std::function<bool(std::string_view line)>;
  // The line that says how many lines were dropped.
  using DroppedLine = std::function<std::string(std::uint64_t count)>;

  static constexpr std::size_t kBytesMax = 1u << 20;  // of lines that wait

  LogWriter(Write write, DroppedLine dropped_line);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  // Gives what waits a second to be written. A write that blocks beyond that is left behind with its thread, so `write`
  // may not need anything that ends before the process does.
  ~LogWriter();

  // Any thread. A line that finds no room is dropped; how many were is said once they could be written again.
  void add(std::string line);
  // Lines that were never written, since the start. Any thread.
  std::uint64_t dropped() const;

 private:
  class Queue;

  const std::shared_ptr<Queue> queue_;
};

}  // namespace countersign::auth
