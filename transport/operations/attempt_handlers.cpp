// An attempt to log in at the pages: a challenge for a browser, and what comes back: the response by the same browser;
// or the response from a terminal, and by the browser the code that the terminal was told.
#include "auth/records/login_attempt.hpp"
#include "storage/base/text.hpp"
#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {
namespace {

constexpr std::size_t kAgentBytesMax = 64;

auth::Visit browser_visit_of(const Message& message) {
  return {auth::Arrival::browser, message.source};
}

// The browser's, where it shows one of our form; another one else.
Result<Secret> take_browser(JsonReader& reader, auth::Rng& rng) {
  Secret shown = reader.has("browser") ? TRY(reader.secret("browser")) : Secret();
  if (auth::records::check_browser_secret(shown.reveal_text())) return shown;
  return auth::records::make_browser_secret(rng);
}

// "192.0.2.9, Firefox on Linux": a line of the statement.
Result<std::string> browser_line(const Message& message, const std::string& agent) {
  if (agent.size() > kAgentBytesMax) return fail(ErrorCode::malformed_message, "'agent' is too long");
  std::string line = message.source + (agent.empty() ? "" : ", " + agent);
  if (has_unprintable(line)) return fail(ErrorCode::malformed_message, "'agent' is no plain text");
  return line;
}

// An attempt that is alive, by the browser that it belongs to.
Result<auth::records::LoginAttempt> take_attempt(JsonReader& reader, const auth::Context& context) {
  const std::string sealed = TRY(reader.text("attempt"));
  const Secret browser = reader.has("browser") ? TRY(reader.secret("browser")) : Secret();
  auto attempt = TRY(auth::records::open_attempt(sealed, context.secrets));
  TRY(judge_attempt(attempt, auth::records::mark_of(browser), context.timekeeper.now().judged));
  return attempt;
}

// The challenge that belongs to it.
auth::proving::ChallengeRequest request_of(const auth::records::LoginAttempt& attempt) {
  auth::proving::ChallengeRequest request;
  request.name.username = attempt.username;
  request.transport = auth::records::Transport::browser;
  request.browser = attempt.browser;
  return request;
}

}  // namespace

Result<Json> begin_attempt(const Message& message, const auth::Context& context, auth::proving::Issuing& issuing) {
  JsonReader reader(message.fields);
  auth::records::LoginAttempt attempt;
  attempt.username = TRY(reader.text("username"));
  if (attempt.username.empty()) return fail(ErrorCode::malformed_message, "the username is missing");
  attempt.browser = TRY(browser_line(message, TRY(reader.text_or("agent", ""))));
  const Secret browser = TRY(take_browser(reader, context.rng));
  TRY(reader.finish());
  const auto issued = TRY(issuing.issue(request_of(attempt), browser_visit_of(message)));
  attempt.issued_at = issued.term.issued_at;
  attempt.expires_at = issued.term.expires_at;
  attempt.random = issued.term.random;
  attempt.challenge_tag = issued.tag;
  attempt.owner = auth::records::mark_of(browser);
  return Json::object()
      .set("challenge_message", issued.message)
      .set("expires_at", format_time(issued.term.expires_at))
      .set("attempt", seal_attempt(attempt, context.secrets.newest_seal_key()))
      .set("browser", browser.reveal_text());
}

// Once more, for a terminal: who has the attempt need not be the browser, since only the account's key opens it.
Result<Json> show_attempt(const Message& message, const auth::Context& context, auth::proving::Issuing& issuing) {
  JsonReader reader(message.fields);
  const std::string sealed = TRY(reader.text("attempt"));
  TRY(reader.finish());
  const auto attempt = TRY(auth::records::open_attempt(sealed, context.secrets));
  TRY(judge_attempt(attempt, attempt.owner, context.timekeeper.now().judged));
  auth::proving::ChallengeRequest request = request_of(attempt);
  request.again = {attempt.issued_at, attempt.expires_at, attempt.random};
  const auto issued = TRY(issuing.issue(request, browser_visit_of(message)));
  return Json::object().set("challenge_message", issued.message).set("expires_at", format_time(issued.term.expires_at));
}

Result<Json> answer_attempt(const Message& message, const auth::Context& context, auth::sessions::Login& login) {
  JsonReader reader(message.fields);
  Message pasted;
  pasted.text = TRY(reader.text("response"));
  const auto attempt = take_attempt(reader, context);
  TRY(reader.finish());
  if (pasted.text.empty()) return fail(ErrorCode::malformed_message, "the response is missing");
  const auto taken = TRY(take_response(pasted));
  TRY(attempt);
  const auto answered = TRY(auth::records::open_challenge(taken.response.challenge, context.secrets));
  if (answered.sealed.tag != attempt->challenge_tag) {
    return fail(ErrorCode::challenge_invalid, "the response answers another challenge");
  }
  return open_session_by(taken, browser_visit_of(message), login);
}

Result<Json> sign_attempt(const Message& message, auth::sessions::BrowserLogin& login) {
  const auto taken = TRY(take_response(message));
  if (!taken.public_key.empty()) return fail(ErrorCode::malformed_message, "a login takes no certificate");
  return Json::object().set("code", TRY(login.sign(taken.response, browser_visit_of(message))));
}

Result<Json> enter_code(const Message& message, const auth::Context& context, auth::sessions::BrowserLogin& login) {
  JsonReader reader(message.fields);
  const std::string code = TRY(reader.text("code"));
  const auto attempt = TRY(take_attempt(reader, context));
  TRY(reader.finish());
  return token_fields(TRY(login.enter(attempt, code, browser_visit_of(message))));
}

}  // namespace countersign::transport
