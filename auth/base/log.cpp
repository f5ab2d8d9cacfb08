#include "auth/base/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "auth/base/clock.hpp"
#include "auth/base/log_groups.hpp"
#include "auth/base/log_writer.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/base/json.hpp"
#include "storage/base/one_line.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth {
namespace {

constexpr int kSilent = 1 + static_cast<int>(LogLevel::alarm);
constexpr EnumNames<LogLevel::info, LogLevel::alarm> kLevels("info", "warning", "alarm");

std::atomic<int> threshold{kSilent};
std::atomic<LogFormat> chosen_format{LogFormat::text};
std::mutex output_mutex;
std::unique_ptr<LogWriter> background_writer;  // null: whoever logs writes
LogGroups repeated_lines;

std::string_view name_of(LogLevel level) {
  return kLevels.of(level);
}

// Quoted where it holds a blank, a quote or '=': a value cannot pass for another field.
std::string shown(std::string_view value) {
  std::string escaped = escape_for_display(on_one_line(value));
  if (!escaped.empty() && escaped.find_first_of(" \"=") == std::string::npos) return escaped;
  std::string quoted = "\"";
  for (const char c : escaped) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

using Fields = std::span<const LogField>;

std::string text_line(LogLevel level, std::string_view event, Fields fields) {
  std::string line(name_of(level));
  line += ' ';
  line += event;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    line += ' ';
    line += name;
    line += '=';
    line += shown(value);
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view event, Fields fields) {
  Json line = Json::object().set("level", name_of(level)).set("message", event);
  for (const auto& [name, value] : fields) {
    if (!value.empty()) line.set(std::string(name), escape_for_display(on_one_line(value)));
  }
  return write_json(line);
}

std::string line_of(LogFormat format, LogLevel level, std::string_view event, Fields fields) {
  switch (format) {
    case LogFormat::text:
      return text_line(level, event, fields);
    case LogFormat::json:
      return json_line(level, event, fields);
  }
  return {};
}

// The form that a line has, whatever was chosen since it was made. A line of text begins with its level.
bool is_json(std::string_view line) {
  return line.starts_with('{');
}

std::string stamped(const std::string& line) {
  const std::string now = format_time(SystemClock().now());
  return is_json(line) ? "{\"time\":\"" + now + "\"," + line.substr(1) + '\n' : now + ' ' + line + '\n';
}

// Whoever else has the file may have set it to not blocking.
bool write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, line.data(), line.size());
    if (put > 0) {
      line.remove_prefix(static_cast<std::size_t>(put));
    } else if (put < 0 && errno == EAGAIN) {
      pollfd room{STDERR_FILENO, POLLOUT, 0};
      poll(&room, 1, -1);
    } else if (put == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::string dropped_line(std::uint64_t count) {
  return stamped(with_count(log_line(chosen_format, LogLevel::warning, "log lines dropped", {}), count));
}

void write_line(const std::string& line) {
  std::string whole = stamped(line);
  const std::lock_guard lock(output_mutex);
  if (background_writer) {
    background_writer->add(std::move(whole));
  } else {
    static_cast<void>(write_to_stderr(whole));  // there is nobody to tell
  }
}

void write_counted(std::vector<LogGroups::Counted> lines) {
  for (auto& [line, count] : lines) write_line(with_count(std::move(line), count));
}

bool is_silent(LogLevel level) {
  return static_cast<int>(level) < threshold;
}

}  // namespace

std::string log_line(LogFormat format, LogLevel level, std::string_view event, LogFields fields) {
  return line_of(format, level, event, {fields.begin(), fields.size()});
}

std::string with_count(std::string line, std::uint64_t count) {
  if (!is_json(line)) return line + " count=" + std::to_string(count);
  line.pop_back();
  return line + ",\"count\":" + std::to_string(count) + '}';
}

void log_to_stderr(LogLevel lowest) {
  threshold = static_cast<int>(lowest);
}

void log_in(LogFormat format) {
  chosen_format = format;
}

void log_event(LogLevel level, std::string_view event, LogFields fields) {
  if (!is_silent(level)) write_line(log_line(chosen_format, level, event, fields));
}

void log_grouped(LogLevel level, std::string_view event, const LogGroup& group, LogFields fields) {
  if (is_silent(level)) return;
  const auto line = [&](std::string_view of) {
    std::vector<LogField> all = {group.kind, {group.of.first, of}};
    all.insert(all.end(), fields.begin(), fields.end());
    return line_of(chosen_format, level, event, all);
  };
  const std::string kind = std::string(event) + ' ' + std::string(group.kind.second);
  if (repeated_lines.is_first(kind, std::string(group.of.second), line, SystemClock().monotonic())) {
    write_line(line(group.of.second));
  }
}

void log_due_counts() {
  write_counted(repeated_lines.take_due(SystemClock().monotonic()));
}

void log_all_counts() {
  write_counted(repeated_lines.take_all());
}

std::uint64_t log_lines_dropped() {
  const std::lock_guard lock(output_mutex);
  return background_writer ? background_writer->dropped() : 0;
}

LogInBackground::LogInBackground() {
  auto started = std::make_unique<LogWriter>(write_to_stderr, dropped_line);
  const std::lock_guard lock(output_mutex);
  background_writer = std::move(started);
}

LogInBackground::~LogInBackground() {
  log_all_counts();
  std::unique_lock lock(output_mutex);
  const std::unique_ptr<LogWriter> ended = std::move(background_writer);
  lock.unlock();
}

}  // namespace countersign::auth
