#include "transport/pages/pages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/base/log.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"
#include "transport/pages/agent.hpp"
#include "transport/pages/html.hpp"
#include "transport/pages/navigation.hpp"
#include "transport/pages/pasted.hpp"
#include "transport/pages/templates.hpp"

namespace countersign::transport::pages {
namespace {

constexpr std::string_view kFormInfo = "countersign form v1";

std::string_view text_of(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  const std::string* text = member == nullptr ? nullptr : member->string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

PageAnswer page_of(const Site& site, std::string_view title, const Html& content, int status = 200) {
  PageAnswer answer;
  answer.status = status;
  answer.body = fill(kPageHtml, {{"title", title}, {"origin", site.origin}, {"content", content}}).text();
  return answer;
}

PageAnswer message_page(const Site& site, std::string_view title, std::string_view text, int status,
                        std::string_view link, std::string_view where) {
  return page_of(site, title, fill(kMessageHtml, {{"text", text}, {"link", link}, {"where", where}}), status);
}

PageAnswer see_other(std::string location) {
  PageAnswer answer;
  answer.status = 303;
  answer.media_type = {};
  answer.location = std::move(location);
  return answer;
}

// Proxies that lose headers, and addresses that are not the server's name, come here too: its operator is to know.
PageAnswer not_from_here(const Site& site, const PageRequest& request) {
  auth::log_grouped(auth::LogLevel::warning, "form refused", {{"server", site.origin}, {"source", request.source}},
                    {{"origin", request.origin}, {"fetch_site", request.fetch_site}});
  return message_page(site, "Not taken",
                      fmt::format("This form was not sent by a page of {}, which is this server's address, or the "
                                  "session that it was made for has ended.",
                                  site.origin),
                      403, site.origin + "/account", "To your account");
}

PageAnswer no_such_page(const Site& site) {
  return message_page(site, "Nothing here", "There is no such page.", 404, "/", "To the beginning");
}

Html notice(std::string_view text) {
  return text.empty() ? Html() : fill(kNoticeHtml, {{"text", text}});
}

int status_of_page(const Error& error) {
  switch (public_face_of(error.code)) {
    case Face::malformed:
      return error.code == ErrorCode::message_too_large ? 413 : 400;
    case Face::slow_down:
      return 429;
    case Face::unavailable:
      return 503;
    case Face::denied:
    case Face::conflict:
    case Face::not_found:
    case Face::integrity:
    case Face::failed:
      return 401;
  }
  return 401;
}

// What to do about it; of a denial nothing that says more than that it is one.
std::string advice_on(const Error& error) {
  switch (public_face_of(error.code)) {
    case Face::malformed:
      return "That is not of the form that is needed: " +
             escape_for_display(error.detail.empty() ? name_of(error.code) : error.detail, 512);
    case Face::slow_down:
      return "Too many attempts came from your address, or for this name. Wait a minute, and try again. A login with "
             "the key "
             "is not held up by wrong passwords.";
    case Face::unavailable:
      return "The server cannot tell at the moment. Try again in a while.";
    case Face::denied:
    case Face::conflict:
    case Face::not_found:
    case Face::integrity:
    case Face::failed:
      return "That was not accepted. A response has to be made by the key of the account that you named, for the "
             "challenge that was shown to this browser last, and before that ends; a code has to be the one that your "
             "terminal printed for it. Each is good once: start again if in doubt.";
  }
  return "";
}

// Where a form that was sent goes on, after a login and after a mistake.
std::string return_of(const Site& site, const Json& form) {
  return judge_return(site, text_of(form, "return")).value_or("");
}

PageAnswer login_page(const Site& site, std::string_view username, std::string_view return_to, std::string_view told,
                      int status) {
  const Html password = site.password_login ? fill(kPasswordHtml, {}) : Html();
  return page_of(
      site, "Log in",
      fill(kLoginHtml,
           {{"notice", notice(told)}, {"return", return_to}, {"username", username}, {"password", password}}),
      status);
}

// The field for a response, or for a code, of an attempt.
Html attempt_form(std::string_view page, std::string_view attempt, std::string_view return_to, std::string_view told) {
  return fill(page, {{"notice", notice(told)}, {"attempt", attempt}, {"return", return_to}});
}

PageAnswer attempt_page_again(std::string_view page, const PageRequest& request, const Site& site, const Error& error) {
  std::string told;
  if (public_face_of(error.code) == Face::malformed) told = advice_on_pasted(text_of(request.form, "response"));
  if (told.empty()) told = advice_on(error);
  const Html form = attempt_form(page, text_of(request.form, "attempt"), return_of(site, request.form), told);
  PageAnswer again = page_of(site, "Log in", fill(kAgainHtml, {{"form", form}}), status_of_page(error));
  again.evened_out = true;
  return again;
}

// What a terminal runs: the challenge once more, opened, signed, and brought back for a code.
std::string terminal_command(const Site& site, std::string_view attempt) {
  return fmt::format(
      "curl -fsS {0}/login/challenge/{1} | gpg -qd | gpg --clearsign | curl -fsS {0}/login/code --data-binary @-",
      site.origin, attempt);
}

// Digits as people type them: blanks between are none of the code.
std::string digits_of(std::string_view typed) {
  std::string digits;
  std::copy_if(typed.begin(), typed.end(), std::back_inserter(digits), [](char c) { return c != ' ' && c != '-'; });
  return digits;
}

// How long a cookie of the session is to be kept.
long seconds_of(const Json& session) {
  const auto created = parse_time(text_of(session, "created_at"));
  const auto expires = parse_time(text_of(session, "expires_at"));
  return created && expires ? static_cast<long>((*expires - *created).count()) : 0;
}

// Members that are taken as they came; the operation judges them.
void copy_text(const Json& from, Json& to, const char* name) {
  if (const std::string_view text = text_of(from, name); !text.empty()) to.set(name, text);
}

std::string joined_groups(const Json& session) {
  std::string out;
  const Json* groups = session.find("groups");
  if (groups == nullptr || groups->items() == nullptr) return "none";
  for (const Json& group : *groups->items()) {
    if (group.string() != nullptr) out += (out.empty() ? "" : ", ") + *group.string();
  }
  return out;
}

}  // namespace

std::string form_token(const Secret& session_token) {
  return session_token.empty() ? "" : hex(hmac_sha256(session_token, as_bytes(kFormInfo)));
}

Message Pages::message_from(const PageRequest& request, std::string_view operation) const {
  Message message;
  message.operation = operation;
  message.carrier = Carrier::http;
  message.source = request.source;
  return message;
}

Secret Pages::session_token(const PageRequest& request) const {
  return Secret(as_bytes(find_cookie(request.cookies, session_cookie_name(site_))));
}

bool Pages::is_from_own_form(const PageRequest& request, const Secret& token) const {
  const std::string expected = form_token(token);
  return !expected.empty() && is_own_request(site_, request.origin, request.fetch_site) &&
         equal_constant_time(as_bytes(expected), as_bytes(text_of(request.form, "token")));
}

PageAnswer Pages::answer(const PageRequest& request) {
  switch (request.page) {
    case Page::none:
      break;
    case Page::style: {
      PageAnswer style;
      style.media_type = "text/css; charset=utf-8";
      style.body = kStyleCss;
      return style;
    }
    case Page::script: {
      PageAnswer script;
      script.media_type = "text/javascript; charset=utf-8";
      script.body = kScriptJs;
      return script;
    }
    case Page::home:
      return see_other(session_token(request).empty() ? "/login" : "/account");
    case Page::login:
      return show_login(request);
    case Page::begin:
      return begin(request);
    case Page::answer:
      return take_answer(request);
    case Page::enter:
      return take_code(request);
    case Page::password:
      return take_password(request);
    case Page::account:
      return show_account(request);
    case Page::end_session:
      return end_session(request);
    case Page::logout:
      return log_out(request);
  }
  return no_such_page(site_);
}

PageAnswer Pages::not_a_member() const {
  return message_page(site_, "Not for you",
                      "You are logged in, and your account is in none of the groups that may see this.", 403,
                      site_.origin + "/account", "To your account");
}

PageAnswer Pages::not_found() const {
  return no_such_page(site_);
}

PageAnswer Pages::show_login(const PageRequest& request) const {
  return login_page(site_, "", judge_return(site_, return_in_query(request.query)).value_or(""), "", 200);
}

PageAnswer Pages::begin(const PageRequest& request) {
  if (!is_own_request(site_, request.origin, request.fetch_site)) return not_from_here(site_, request);
  // Enter in the field of the password sends the form here.
  if (site_.password_login && !text_of(request.form, "password").empty()) return take_password(request);
  const std::string_view username = text_of(request.form, "username");
  const std::string return_to = return_of(site_, request.form);
  Message message = message_from(request, "attempt.begin");
  const std::string agent = describe_agent(request.user_agent);
  message.fields.set("username", username).set("agent", agent);
  if (const auto browser = find_cookie(request.cookies, attempt_cookie_name(site_)); !browser.empty()) {
    message.fields.set("browser", browser);
  }
  const auto begun = operations_.run(message);
  if (!begun) {
    PageAnswer again = login_page(site_, username, return_to, advice_on(begun.error()), status_of_page(begun.error()));
    again.evened_out = true;
    return again;
  }
  const std::string_view attempt = text_of(*begun, "attempt");
  PageAnswer answer =
      page_of(site_, "Log in",
              fill(kChallengeHtml, {{"username", username},
                                    {"until", text_of(*begun, "expires_at")},
                                    {"browser", fmt::format("{}, {}", request.source, agent)},
                                    {"command", terminal_command(site_, attempt)},
                                    {"code_form", attempt_form(kCodeHtml, attempt, return_to, "")},
                                    {"challenge", Value::lines(text_of(*begun, "challenge_message"))},
                                    {"server", site_.origin},
                                    {"answer_form", attempt_form(kAnswerHtml, attempt, return_to, "")}}));
  constexpr long kDay = 86'400;  // longer than any attempt: the attempt itself says when it ends
  answer.cookies.push_back(set_attempt_cookie(site_, text_of(*begun, "browser"), kDay));
  answer.evened_out = true;
  return answer;
}

PageAnswer Pages::log_in(const PageRequest& request, Json session) {
  // A session of this browser from before is not gone on with.
  if (Message before = message_from(request, "session.end"); !(before.token = session_token(request)).empty()) {
    static_cast<void>(operations_.run(before));
  }
  const std::string return_to = return_of(site_, request.form);
  PageAnswer answer = see_other(return_to.empty() ? "/account" : return_to);
  answer.cookies.push_back(set_session_cookie(site_, text_of(session, "token"), seconds_of(session)));
  answer.cookies.push_back(end_attempt_cookie(site_));
  session.wipe();
  return answer;
}

PageAnswer Pages::take_answer(const PageRequest& request) {
  if (!is_own_request(site_, request.origin, request.fetch_site)) return not_from_here(site_, request);
  Message message = message_from(request, "attempt.answer");
  for (const char* name : {"attempt", "response"}) message.fields.set(name, text_of(request.form, name));
  message.fields.set("browser", find_cookie(request.cookies, attempt_cookie_name(site_)));
  auto opened = operations_.run(message);
  return opened ? log_in(request, std::move(*opened)) : attempt_page_again(kAnswerHtml, request, site_, opened.error());
}

PageAnswer Pages::take_code(const PageRequest& request) {
  if (!is_own_request(site_, request.origin, request.fetch_site)) return not_from_here(site_, request);
  Message message = message_from(request, "attempt.enter");
  message.fields.set("attempt", text_of(request.form, "attempt"));
  message.fields.set("code", digits_of(text_of(request.form, "code")));
  message.fields.set("browser", find_cookie(request.cookies, attempt_cookie_name(site_)));
  auto opened = operations_.run(message);
  return opened ? log_in(request, std::move(*opened)) : attempt_page_again(kCodeHtml, request, site_, opened.error());
}

PageAnswer Pages::take_password(const PageRequest& request) {
  if (!site_.password_login) return no_such_page(site_);
  if (!is_own_request(site_, request.origin, request.fetch_site)) return not_from_here(site_, request);
  Message message = message_from(request, "session.open");
  for (const char* name : {"username", "password"}) message.fields.set(name, text_of(request.form, name));
  auto opened = operations_.run(message);
  message.fields.wipe();
  if (opened) return log_in(request, std::move(*opened));
  const bool denied = public_face_of(opened.error().code) == Face::denied;
  PageAnswer again =
      login_page(site_, text_of(request.form, "username"), return_of(site_, request.form),
                 denied ? "That is not the username and the password of an account." : advice_on(opened.error()),
                 status_of_page(opened.error()));
  again.evened_out = true;
  return again;
}

PageAnswer Pages::show_account(const PageRequest& request) {
  Message message = message_from(request, "session.authz");
  message.token = session_token(request);
  if (message.token.empty()) return see_other("/login");
  const auto session = operations_.run(message);
  if (!session && status_of_page(session.error()) == 401) return see_other("/login");
  if (!session) {
    return message_page(site_, "Not now", advice_on(session.error()), status_of_page(session.error()), "/account",
                        "Try again");
  }
  message.operation = "session.list";
  const auto list = operations_.run(message);
  const Json* sessions = list ? list->find("sessions") : nullptr;
  const std::string token = form_token(message.token);
  Html rows;
  if (sessions != nullptr && sessions->items() != nullptr) {
    for (const Json& one : *sessions->items()) {
      const Json* current = one.find("current");
      const bool is_this = current != nullptr && current->boolean() != nullptr && *current->boolean();
      rows += fill(kSessionHtml, {{"created", text_of(one, "created_at")},
                                  {"method", text_of(one, "method")},
                                  {"expires", text_of(one, "expires_at")},
                                  {"current", is_this ? ": this one" : ""},
                                  {"id", text_of(one, "session")},
                                  {"token", token}});
    }
  }
  if (list && list->find("more") != nullptr) rows += notice("More sessions are open than are listed here.");
  const std::string_view key = text_of(*session, "fingerprint");
  return page_of(site_, "Your account",
                 fill(kAccountHtml, {{"notice", list ? Html() : notice(advice_on(list.error()))},
                                     {"username", text_of(*session, "username")},
                                     {"key", key.empty() ? "not used to log in" : key},
                                     {"groups", joined_groups(*session)},
                                     {"account", text_of(*session, "account")},
                                     {"sessions", rows},
                                     {"token", token}}));
}

PageAnswer Pages::end_session(const PageRequest& request) {
  Message message = message_from(request, "session.end_one");
  message.token = session_token(request);
  if (!is_from_own_form(request, message.token)) return not_from_here(site_, request);
  copy_text(request.form, message.fields, "session");
  const auto ended = operations_.run(message);
  // One that has ended meanwhile is what was wanted.
  if (ended || status_of_page(ended.error()) == 401) return see_other("/account");
  return message_page(site_, "Not ended", advice_on(ended.error()), status_of_page(ended.error()), "/account",
                      "Try again");
}

PageAnswer Pages::log_out(const PageRequest& request) {
  Message message = message_from(request, "session.end");
  message.token = session_token(request);
  if (!is_from_own_form(request, message.token)) return not_from_here(site_, request);
  const auto ended = operations_.run(message);
  if (!ended && status_of_page(ended.error()) != 401) {
    return message_page(site_, "Not logged out", advice_on(ended.error()), status_of_page(ended.error()), "/account",
                        "Try again");
  }
  PageAnswer answer = see_other("/login");
  answer.cookies.push_back(end_session_cookie(site_));
  return answer;
}

}  // namespace countersign::transport::pages
