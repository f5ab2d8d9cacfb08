// An attempt to log in at the pages: a challenge for a browser, and the response that comes back from it.
#include "auth/records/login_attempt.hpp"
#include "transport/operations/handlers.hpp"
#include "transport/operations/response_fields.hpp"

namespace countersign::transport {
namespace {

// The browser's, where it shows one of our form; another one else.
Result<Secret> take_browser(JsonReader& reader, auth::Rng& rng) {
  Secret shown = reader.has("browser") ? TRY(reader.secret("browser")) : Secret();
  if (auth::records::check_browser_secret(shown.reveal_text())) return shown;
  return auth::records::make_browser_secret(rng);
}

}  // namespace

Result<Json> begin_attempt(const Message& message, const auth::Context& context, auth::proving::Issuing& issuing) {
  JsonReader reader(message.fields);
  auth::proving::ChallengeRequest request;
  request.name = TRY(take_name(reader));
  auth::records::LoginAttempt attempt;
  attempt.return_to = TRY(reader.text_or("return", ""));
  const Secret browser = TRY(take_browser(reader, context.rng));
  TRY(reader.finish());
  if (attempt.return_to.size() > auth::records::kReturnBytesMax) {
    return fail(ErrorCode::malformed_message, "'return' is too long");
  }
  const auto issued = TRY(issuing.issue(request, visit_of(message)));
  attempt.expires_at = issued.expires_at;
  TRY(context.rng.fill(attempt.random));
  attempt.browser = auth::records::browser_of(browser);
  attempt.challenge_tag = issued.tag;
  return Json::object()
      .set("challenge_message", issued.message)
      .set("expires_at", format_time(issued.expires_at))
      .set("attempt", seal_attempt(attempt, context.secrets.newest_seal_key()))
      .set("browser", browser.reveal_text());
}

Result<Json> answer_attempt(const Message& message, const auth::Context& context, auth::sessions::Login& login) {
  JsonReader reader(message.fields);
  const std::string sealed = TRY(reader.text("attempt"));
  const Secret browser = reader.has("browser") ? TRY(reader.secret("browser")) : Secret();
  Message pasted;
  pasted.text = TRY(reader.text("response"));
  TRY(reader.finish());
  if (pasted.text.empty()) return fail(ErrorCode::malformed_message, "the response is missing");
  const auto taken = TRY(take_response(pasted));
  const auto attempt = TRY(auth::records::open_attempt(sealed, context.secrets));
  const auto answered = TRY(auth::records::open_challenge(taken.response.challenge, context.secrets));
  TRY(judge_attempt(attempt, auth::records::browser_of(browser), answered.sealed.tag, context.timekeeper.now().judged));
  Json opened = TRY(open_session_by(taken, visit_of(message), login));
  return std::move(opened.set("return", attempt.return_to));
}

}  // namespace countersign::transport
