// A whole request, and a request that was refused before it was one.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/secret.hpp"
#include "transport/http/routes.hpp"

namespace countersign::transport::http {

struct Request {
  std::string method;
  std::string path;
  RouteMatch match;
  bool to_head = false;  // routed as a GET, and its answer has no body
  bool http_1_0 = false;
  bool keep_alive = true;
  bool forwarded = false;  // a proxy says that it is not the origin: the peer is no local caller
  // From here to `body`: foreign text, without control characters.
  std::string content_type;
  std::string accept;
  std::string forwarded_for;       // X-Forwarded-For, the lines joined
  std::string forwarded_elements;  // Forwarded, the same
  Secret authorization;            // the whole header value
  // Where the route takes cookies, else empty. `cookies` are the lines of Cookie, joined with semicolons.
  std::string cookies;
  std::string origin;
  std::string user_agent;
  std::string fetch_site;
  std::string fetch_mode;
  std::string forwarded_method;
  std::string forwarded_proto;
  std::string forwarded_host;
  std::string forwarded_uri;
  std::string query;  // behind the question mark, where the route takes one
  std::string body;

  // Moves only, so that a body that may hold a password has one place; wiped with it.
  Request() = default;
  Request(Request&&) = default;
  Request& operator=(Request&&) = default;
  ~Request() {
    wipe(body);
    wipe(cookies);
  }
};

struct Refusal {
  int status = 400;
  std::string_view reason;  // a constant of ours, for counting: never foreign text
  std::string allow;        // with 405
  bool to_head = false;     // the answer to a HEAD has no body
};

}  // namespace countersign::transport::http
