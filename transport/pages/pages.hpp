// The pages at which a person logs in with a browser, sees their sessions and ends them. They are whole without a
// script, and what they do is what the operations do.
//
//   GET  /login                        who are you?
//   POST /login                        the challenge
//   POST /login/answer                 the response, and from there where the person wanted to go
//   POST /login/code-entry             the code that a terminal showed, and from there likewise
//   POST /login/password               a password, where the site takes them, and likewise
//   GET  /account                      who I am, and my sessions
//   POST /account/sessions/ID/end
//   POST /logout
//   GET  /                             to one of them
//   GET  /style.css  /script.js        the script is for comfort: copying, and the time that is left
//
// The session's token is in a cookie that no script reads. Whatever changes something comes from a page of ours
// (is_own_request), and is bound besides: a response to the browser and the challenge of its attempt, the end of a
// session to the session that the form was made for. Any thread at any time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.hpp"
#include "transport/operations/operation.hpp"
#include "transport/pages/site.hpp"

namespace countersign::transport::pages {

enum class Page : std::uint8_t {
  none,
  style,
  script,
  home,
  login,
  begin,
  answer,
  enter,
  password,
  account,
  end_session,
  logout
};

struct PageRequest {
  Page page = Page::none;
  std::string_view query;
  const Json& form;  // the members that were posted, and what the path says
  std::string_view cookies;
  std::string_view origin;
  std::string_view fetch_site;  // Sec-Fetch-Site
  std::string_view user_agent;
  std::string_view source;  // for the operations
};

struct PageAnswer {
  int status = 200;
  std::string_view media_type = "text/html; charset=utf-8";
  std::string body = {};
  std::string location = {};              // with 303: of ours, or judged
  std::vector<std::string> cookies = {};  // values of Set-Cookie
  bool evened_out = false;                // leaves at a tick, so that its time says nothing
};

class Pages {
 public:
  // `operations` outlives it.
  Pages(Operations& operations, Site site) : operations_(operations), site_(std::move(site)) {}

  const Site& site() const { return site_; }
  PageAnswer answer(const PageRequest& request);
  // To who is logged in and may not have what a proxy guards.
  PageAnswer not_a_member() const;
  // To a browser that was sent to an address at which nothing is.
  PageAnswer not_found() const;

 private:
  PageAnswer show_login(const PageRequest& request) const;
  PageAnswer begin(const PageRequest& request);
  PageAnswer take_answer(const PageRequest& request);
  PageAnswer take_code(const PageRequest& request);
  PageAnswer take_password(const PageRequest& request);
  PageAnswer log_in(const PageRequest& request, Json session);
  PageAnswer show_account(const PageRequest& request);
  PageAnswer end_session(const PageRequest& request);
  PageAnswer log_out(const PageRequest& request);
  Secret session_token(const PageRequest& request) const;
  Message message_from(const PageRequest& request, std::string_view operation) const;
  bool is_from_own_form(const PageRequest& request, const Secret& token) const;

  Operations& operations_;
  const Site site_;
};

// Pure: what a form carries so that it ends the session it was made for and no other. From the session's token, which
// it does not give away.
std::string form_token(const Secret& session_token);

}  // namespace countersign::transport::pages
