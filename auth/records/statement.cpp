#include "auth/records/statement.hpp"

#include <array>

#include "storage/base/enum_names.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::size_t kStatementBytesMax = 8u << 10;
constexpr EnumNames<Purpose::login, Purpose::password> kPurposes("login", "enrol", "rotate", "revoke", "password");
constexpr EnumNames<Transport::http, Transport::browser> kTransports("http", "courier", "browser");

std::string line(std::string_view name, std::string_view value) {
  std::string out(name);
  out += ": ";
  out += value;
  out += '\n';
  return out;
}

// Takes `name: value` lines off the front, one by one.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  Result<std::string> value_of(std::string_view name) {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return refuse(name);
    const std::string_view current = rest_.substr(0, end);
    if (!current.starts_with(name) || !current.substr(name.size()).starts_with(": ")) return refuse(name);
    const std::string_view value = current.substr(name.size() + 2);
    if (value.empty() || value.back() == ' ' || value.front() == ' ' || has_unprintable(value)) return refuse(name);
    rest_.remove_prefix(end + 1);
    return std::string(value);
  }
  bool done() const { return rest_.empty(); }

 private:
  static tl::unexpected<Error> refuse(std::string_view name) {
    return fail(ErrorCode::malformed_statement, "line '" + std::string(name) + "' is missing or malformed");
  }
  std::string_view rest_;
};

Result<Fingerprint> fingerprint_line(Lines& lines, std::string_view name) {
  const std::string value = TRY(lines.value_of(name));
  const auto fingerprint = Fingerprint::parse(value);
  if (!fingerprint || fingerprint->upper() != value) return fail(ErrorCode::malformed_statement, std::string(name));
  return *fingerprint;
}

Result<Instant> time_line(Lines& lines, std::string_view name) {
  const auto instant = parse_time(TRY(lines.value_of(name)));
  if (!instant) return fail(ErrorCode::malformed_statement, std::string(name));
  return *instant;
}

}  // namespace

std::string_view name_of(Purpose purpose) {
  return kPurposes.of(purpose);
}

std::string_view name_of(Transport transport) {
  return kTransports.of(transport);
}

std::optional<Purpose> purpose_named(std::string_view name) {
  return kPurposes.find(name);
}

std::optional<Transport> transport_named(std::string_view name) {
  return kTransports.find(name);
}

std::string_view extra_line_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::enrol:
      return "username";
    case Purpose::rotate:
      return "new-key";
    case Purpose::revoke:
      return "reason";
    case Purpose::login:
    case Purpose::password:
      return "";
  }
  return "";
}

std::string write_statement(const Statement& statement) {
  std::string out(kStatementVersion);
  out += '\n';
  out += line("purpose", name_of(statement.purpose));
  out += line("server", statement.server);
  out += line("server-key", statement.server_key.upper());
  out += line("account", statement.account);
  out += line("key", statement.key.upper());
  out += line("challenge", statement.challenge);
  out += line("nonce", statement.nonce);
  out += line("issued", format_time(statement.issued_at));
  out += line("expires", format_time(statement.expires_at));
  out += line("transport", name_of(statement.transport));
  if (statement.transport == Transport::browser) out += line("browser", statement.browser);
  if (const auto extra = extra_line_of(statement.purpose); !extra.empty()) out += line(extra, statement.extra);
  return out;
}

Result<Statement> parse_statement(std::string_view text) {
  if (text.size() > kStatementBytesMax) return fail(ErrorCode::malformed_statement, "too large");
  const auto first_end = text.find('\n');
  if (text.substr(0, first_end) != kStatementVersion) {
    if (text.starts_with("countersign-statement-")) {
      return fail(ErrorCode::unknown_version, std::string(text.substr(0, first_end)));
    }
    return fail(ErrorCode::malformed_statement, "not a statement");
  }
  Lines lines(first_end == std::string_view::npos ? std::string_view() : text.substr(first_end + 1));
  Statement out;
  const auto purpose = purpose_named(TRY(lines.value_of("purpose")));
  if (!purpose) return fail(ErrorCode::malformed_statement, "purpose");
  out.purpose = *purpose;
  out.server = TRY(lines.value_of("server"));
  out.server_key = TRY(fingerprint_line(lines, "server-key"));
  out.account = TRY(lines.value_of("account"));
  if (!is_lower_hex(out.account, 64)) return fail(ErrorCode::malformed_statement, "account");
  out.key = TRY(fingerprint_line(lines, "key"));
  out.challenge = TRY(lines.value_of("challenge"));
  out.nonce = TRY(lines.value_of("nonce"));
  const auto nonce = from_base64url(out.nonce);
  if (!from_base64url(out.challenge) || !nonce || nonce->size() != 32) {
    return fail(ErrorCode::malformed_statement, "challenge or nonce");
  }
  out.issued_at = TRY(time_line(lines, "issued"));
  out.expires_at = TRY(time_line(lines, "expires"));
  const auto transport = transport_named(TRY(lines.value_of("transport")));
  if (!transport) return fail(ErrorCode::malformed_statement, "transport");
  out.transport = *transport;
  if (out.transport == Transport::browser) out.browser = TRY(lines.value_of("browser"));
  if (const auto extra = extra_line_of(out.purpose); !extra.empty()) out.extra = TRY(lines.value_of(extra));
  if (!lines.done()) return fail(ErrorCode::malformed_statement, "a line too many");
  return out;
}

}  // namespace countersign::auth::records
