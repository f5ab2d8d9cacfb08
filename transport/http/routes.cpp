#include "transport/http/routes.hpp"

#include <array>
#include <cassert>

#include "storage/base/text.hpp"

namespace countersign::transport::http {
namespace {

using P = Presentation;
using B = Bodies;

// The one a proxy asks before every request of its own comes first.
// clang-format off
constexpr std::array kRoutes = {
    //    method    path                   operation           success  answer         body
    Route{"*",      "/v1/authz",           "session.authz",    200,     P::authz,      B::foreign},
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
    Route{"DELETE", "/v1/sessions/*",      "session.end_one",  204,     P::nothing,    B::optional},
};
// clang-format on

constexpr std::size_t kSessionIdDigits = 32;

bool takes(const Route& route, std::string_view method) {
  if (route.method == "*") return method != "CONNECT" && method != "TRACE";
  return route.method == method;
}

// As Allow names them.
std::string_view methods_of(const Route& route) {
  if (route.method == "*") return "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
  return route.method == "GET" ? "GET, HEAD" : route.method;
}

// The session id where the path has one; nullopt where it does not match.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  if (pattern.back() != '*') return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
  pattern.remove_suffix(1);
  if (!path.starts_with(pattern) || !is_lower_hex(path.substr(pattern.size()), kSessionIdDigits)) return std::nullopt;
  return path.substr(pattern.size());
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
  return bodies == Bodies::none || bodies == Bodies::foreign || bodies == Bodies::optional;
}

std::span<const Route> routes() {
  return kRoutes;
}

RouteMatch find_route(std::string_view method, std::string_view path) {
  if (method == "HEAD") method = "GET";
  RouteMatch result;
  for (const Route& route : kRoutes) {
    const auto session = match(route.path, path);
    if (!session) continue;
    if (takes(route, method)) return {&route, std::string(*session), 0, {}};
    if (!result.allow.empty()) result.allow += ", ";
    result.allow += methods_of(route);
  }
  result.refusal = result.allow.empty() ? 404 : 405;
  return result;
}

}  // namespace countersign::transport::http
