// The log: one line an event, to standard error. Every value is escaped, so foreign text cannot forge a line (S66).
//
//   2026-11-21T17:20:00Z warning refused code=challenge_expired source=192.0.2.7 operation=session.open detail="..."
//   {"time":"2026-11-21T17:20:00Z","level":"warning","message":"refused","code":"challenge_expired",...}
//
// No token, nonce or secret is ever handed to it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace countersign::auth {

enum class LogLevel { info, warning, alarm };
enum class LogFormat { text, json };

using LogField = std::pair<std::string_view, std::string_view>;
using LogFields = std::initializer_list<LogField>;

// Any thread. Silent until log_to_stderr was called, and below the level that was given there.
void log_event(LogLevel level, std::string_view event, LogFields fields);
// The same of what strangers bring about as often as they like: LogGroups says what is counted instead.
struct LogGroup {
  LogField kind;  // of few values, all of them ours
  LogField of;    // the source; or what is damaged, whoever came upon it; empty where neither tells lines apart
};
void log_grouped(LogLevel level, std::string_view event, const LogGroup& group, LogFields fields);
// Writes the counts that are due, which is to be done about once a second; and at the end those that are left.
void log_due_counts();
void log_all_counts();

// Lines are written by whoever logs them, which is right for a command.
void log_to_stderr(LogLevel lowest);
// From the next line on. Text at first.
void log_in(LogFormat format);
// While it lives they are queued, and a thread of its own writes them: a server answers whether its log is read or not.
// One at a time.
class LogInBackground {
 public:
  LogInBackground();
  LogInBackground(const LogInBackground&) = delete;
  LogInBackground& operator=(const LogInBackground&) = delete;
  // With all counts; waits no longer than LogWriter does.
  ~LogInBackground();
};

// How many lines could not be written, since it began; none where nothing is queued. Any thread.
std::uint64_t log_lines_dropped();

// The line as it would be written, without its time: for tests.
std::string log_line(LogFormat format, LogLevel level, std::string_view event, LogFields fields);
// A line that stands for so many.
std::string with_count(std::string line, std::uint64_t count);

}  // namespace countersign::auth
