#include "transport/http/routes.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "auth/records/profile.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::http {
namespace {

using P = Presentation;
using B = Bodies;
using pages::Page;

// The one a proxy asks before every request of its own comes first.
// clang-format off
constexpr std::array kRoutes = {
    //    method    path                   operation           success  answer         body
    Route{"*",      "/v1/authz",           "session.authz",    200,     P::authz,      B::foreign},
    Route{"*",      "/v1/authz/{groups}",  "session.authz",    200,     P::authz,      B::foreign},
    Route{"*",      "/v1/forward",         "session.authz",    200,     P::forward,    B::foreign},
    Route{"*",      "/v1/forward/{groups}", "session.authz",   200,     P::forward,    B::foreign},
    Route{"GET",    "/v1/session",         "session.show",     200,     P::json,       B::none},
    Route{"GET",    "/v1/sessions",        "session.list",     200,     P::json,       B::none},
    Route{"GET",    "/v1/server",          "server.show",      200,     P::json,       B::none},
    Route{"GET",    "/healthz",            "health.show",      200,     P::health,     B::none},
    Route{"GET",    "/readyz",             "ready.show",       200,     P::health,     B::none},
    Route{"POST",   "/v1/challenge",       "challenge.issue",  200,     P::challenge,  B::form},
    Route{"POST",   "/v1/session",         "session.open",     201,     P::json,       B::message},
    Route{"POST",   "/v1/rotation",        "key.rotate",       200,     P::json,       B::message},
    Route{"POST",   "/v1/revocation",      "key.revoke",       200,     P::json,       B::form},
    Route{"POST",   "/v1/accounts",        "account.enrol",    201,     P::json,       B::message},
    Route{"POST",   "/v1/key",             "key.hand_out",     200,     P::json,       B::message},
    Route{"POST",   "/v1/password",        "password.change",  204,     P::nothing,    B::message},
    Route{"POST",   "/v1/session/refresh", "session.refresh",  200,     P::json,       B::optional},
    Route{"DELETE", "/v1/session",         "session.end",      204,     P::nothing,    B::optional},
    Route{"DELETE", "/v1/sessions",        "session.end_all",  204,     P::nothing,    B::optional},
    Route{"DELETE", "/v1/sessions/{session}", "session.end_one", 204,     P::nothing,    B::optional},
    Route{"GET",    "/",                   "server.show",      200,     P::page,       B::none,    Page::home},
    Route{"GET",    "/style.css",          "server.show",      200,     P::page,       B::none,    Page::style},
    Route{"GET",    "/script.js",          "server.show",      200,     P::page,       B::none,    Page::script},
    Route{"GET",    "/login",              "server.show",      200,     P::page,       B::none,    Page::login},
    Route{"POST",   "/login",              "attempt.begin",    200,     P::page,       B::form,    Page::begin},
    Route{"GET",    "/login/challenge/{attempt}", "attempt.show", 200,   P::challenge,  B::none},
    Route{"POST",   "/login/code",         "attempt.sign",     200,     P::code,       B::message},
    Route{"POST",   "/login/code-entry",   "attempt.enter",    303,     P::page,       B::form,    Page::enter},
    Route{"POST",   "/login/password",     "session.open",     303,     P::page,       B::form,    Page::password},
    // Where a form was sent to stands in the browser's bar, and is opened anew from there.
    Route{"GET",    "/login/answer",       "server.show",      200,     P::page,       B::none,    Page::home},
    Route{"GET",    "/login/code-entry",   "server.show",      200,     P::page,       B::none,    Page::home},
    Route{"GET",    "/login/password",     "server.show",      200,     P::page,       B::none,    Page::home},
    Route{"GET",    "/logout",             "server.show",      200,     P::page,       B::none,    Page::home},
    Route{"POST",   "/login/answer",       "attempt.answer",   303,     P::page,       B::form,    Page::answer},
    Route{"GET",    "/account",            "session.list",     200,     P::page,       B::none,    Page::account},
    Route{"POST",   "/account/sessions/{session}/end", "session.end_one", 303, P::page, B::form,   Page::end_session},
    Route{"POST",   "/logout",             "session.end",      303,     P::page,       B::form,    Page::logout},
};
// clang-format on

constexpr std::size_t kSessionIdDigits = 32;
constexpr std::size_t kAttemptBytesMax = 1024;

bool takes(const Route& route, std::string_view method) {
  if (route.method == "*") return method != "CONNECT" && method != "TRACE";
  return route.method == method;
}

// As Allow names them.
std::string_view methods_of(const Route& route) {
  if (route.method == "*") return "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
  return route.method == "GET" ? "GET, HEAD" : route.method;
}

bool is_group_list(std::string_view text) {
  const auto groups = split(text, ',');
  return groups.size() <= kGroupsInPathMax && std::all_of(groups.begin(), groups.end(), [](std::string_view group) {
           return auth::records::check_group(group).has_value();
         });
}

bool is_attempt(std::string_view text) {
  return !text.empty() && text.size() <= kAttemptBytesMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool fits(std::string_view member, std::string_view value) {
  if (member == "session") return is_lower_hex(value, kSessionIdDigits);
  return member == "attempt" ? is_attempt(value) : is_group_list(value);
}

// What a path says where its pattern has a placeholder.
struct PathMatch {
  std::string_view member;
  std::string_view value;
};

// nullopt where it does not match.
std::optional<PathMatch> match(std::string_view pattern, std::string_view path) {
  const std::size_t open = pattern.find('{');
  if (open == std::string_view::npos) return pattern == path ? std::optional<PathMatch>(PathMatch()) : std::nullopt;
  const std::size_t close = pattern.find('}', open);
  const std::string_view before = pattern.substr(0, open);
  const std::string_view behind = pattern.substr(close + 1);
  if (path.size() < before.size() + behind.size() || !path.starts_with(before) || !path.ends_with(behind)) {
    return std::nullopt;
  }
  const std::string_view value = path.substr(open, path.size() - before.size() - behind.size());
  const std::string_view member = pattern.substr(open + 1, close - open - 1);
  return fits(member, value) ? std::optional<PathMatch>({member, value}) : std::nullopt;
}

}  // namespace

const Operation& Route::row() const {
  const Operation* found = find_operation(operation);
  assert(found != nullptr);
  return *found;
}

std::size_t Route::body_bytes_max() const {
  return bodies == Bodies::none || bodies == Bodies::foreign ? 0 : row().body_bytes_max;
}

bool Route::quick() const {
  return presentation != Presentation::challenge &&
         (bodies == Bodies::none || bodies == Bodies::foreign || bodies == Bodies::optional);
}

std::span<const Route> routes() {
  return kRoutes;
}

RouteMatch find_route(std::string_view method, std::string_view path) {
  if (method == "HEAD") method = "GET";
  RouteMatch result;
  for (const Route& route : kRoutes) {
    const auto matched = match(route.path, path);
    if (!matched) continue;
    if (takes(route, method)) return {&route, matched->member, std::string(matched->value), 0, {}};
    if (!result.allow.empty()) result.allow += ", ";
    result.allow += methods_of(route);
  }
  result.refusal = result.allow.empty() ? 404 : 405;
  return result;
}

}  // namespace countersign::transport::http
