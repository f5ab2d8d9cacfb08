#include "auth/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "storage/base/enum_names.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth {
namespace {

constexpr int kSilent = 1 + static_cast<int>(LogLevel::alarm);
constexpr EnumNames<LogLevel::info, LogLevel::alarm> kLevels("info", "warning", "alarm");

std::atomic<int> threshold{kSilent};

std::string_view name_of(LogLevel level) {
  return kLevels.of(level);
}

// Quoted where it holds a blank, a quote or '=': a value cannot pass for another field.
std::string shown(std::string_view value) {
  std::string escaped = escape_for_display(value);
  if (!escaped.empty() && escaped.find_first_of(" \"=") == std::string::npos) return escaped;
  std::string quoted = "\"";
  for (const char c : escaped) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string log_line(LogLevel level, std::string_view event, LogFields fields) {
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

void log_to_stderr(LogLevel lowest) {
  auto logger = std::make_shared<spdlog::logger>("countersign", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%SZ %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  threshold = static_cast<int>(lowest);
}

void log_event(LogLevel level, std::string_view event, LogFields fields) {
  if (static_cast<int>(level) < threshold) return;
  spdlog::default_logger_raw()->info("{}", log_line(level, event, fields));
}

}  // namespace countersign::auth
