// The log: one line an event, to standard error. Every value is escaped, so foreign text cannot forge a line (S66).
//
//   2026-11-21T17:20:00Z warning refused operation=session.open code=challenge_expired source=192.0.2.7 detail="..."
//
// No token, nonce or secret is ever handed to it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace countersign::auth {

enum class LogLevel { info, warning, alarm };

using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Any thread. Silent until log_to_stderr was called, and below the level that was given there.
void log_event(LogLevel level, std::string_view event, LogFields fields);
void log_to_stderr(LogLevel lowest);
// The line as it would be written, without its time: for tests.
std::string log_line(LogLevel level, std::string_view event, LogFields fields);

}  // namespace countersign::auth
