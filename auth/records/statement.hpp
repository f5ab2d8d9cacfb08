// The statement: the short text that is signed, by the server in a challenge and by the account's key in the response.
// It means one thing, on one server, once.
//
//   countersign-statement-v1
//   purpose: login
//   server: https://auth.example.org
//   server-key: <40 upper-case hex digits>
//   account: <64 lower-case hex digits>
//   key: <40 upper-case hex digits>
//   challenge: <sealed challenge, base64url>
//   nonce: <32 bytes, base64url>
//   issued: 2026-11-21T17:20:00Z
//   expires: 2026-11-21T17:25:00Z
//   transport: http
//
// UTF-8, one LF a line, this order, no other line, no trailing blanks, final LF. `transport: browser` adds `browser:`,
// which says who asks. `enrol` adds `username:`, `rotate` adds `new-key:`, `revoke` adds `reason:`, last. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/base/fingerprint.hpp"
#include "storage/base/result.hpp"
#include "storage/base/time.hpp"

namespace countersign::auth::records {

inline constexpr std::string_view kStatementVersion = "countersign-statement-v1";

// The values are those of the sealed challenge: never reuse one.
enum class Purpose : std::uint8_t { login = 1, enrol = 2, rotate = 3, revoke = 4, password = 5 };
enum class Transport : std::uint8_t { http = 1, courier = 2, browser = 3 };

std::string_view name_of(Purpose purpose);
std::string_view name_of(Transport transport);
std::optional<Purpose> purpose_named(std::string_view name);
std::optional<Transport> transport_named(std::string_view name);
// The name of the line that a purpose adds; empty where it adds none.
std::string_view extra_line_of(Purpose purpose);

struct Statement {
  Purpose purpose = Purpose::login;
  std::string server;
  Fingerprint server_key;
  std::string account;  // the account id
  Fingerprint key;
  std::string challenge;  // the sealed challenge, base64url
  std::string nonce;      // base64url
  Instant issued_at{};
  Instant expires_at{};
  Transport transport = Transport::http;
  std::string browser = {};  // with Transport::browser: "192.0.2.9, Firefox on Linux"
  std::string extra;         // the value of the line that the purpose adds

  friend bool operator==(const Statement&, const Statement&) = default;
};

std::string write_statement(const Statement& statement);
// Takes exactly what write_statement writes. unknown_version for another first line, else malformed_statement.
Result<Statement> parse_statement(std::string_view text);

}  // namespace countersign::auth::records
