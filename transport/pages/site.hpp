// Where the pages stand: which origin is ours, how our cookies are called, and where a browser may be sent to. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/base/result.hpp"

namespace countersign::transport::pages {

struct Site {
  std::string origin;         // https://auth.example.org, or http://127.0.0.1:8420
  bool tls = true;            // false: on this machine alone, without TLS
  std::string cookie_domain;  // empty: the session's cookie is for this host alone
  bool password_login = false;
};

// `server` is the server's name: an https URL without a path; or an http URL of a loopback host, for trying it out. The
// server stands in `cookie_domain` or below it, which is in lower case and has a dot at least. invalid_settings.
Result<Site> parse_site(std::string_view server, std::string_view cookie_domain);

// Is an address that a browser gives for afterwards one that it may be sent to? Ours, as a path or in full; or https,
// at a host that is `cookie_domain` or below it. The address as it is then, in printable ASCII; nothing where it is
// not.
std::optional<std::string> judge_return(const Site& site, std::string_view address);

// A request that changes something: does it come from a page of ours? Where Origin and Sec-Fetch-Site are both there,
// both have to say so; where neither is, it does not. (Fetch, section 3.1; Fetch Metadata Request Headers.)
bool is_own_request(const Site& site, std::string_view origin, std::string_view fetch_site);

// The page's Content-Security-Policy. The stylesheet and the script are named by our origin, since a proxy shows a page
// of ours at an application's host. `form-action` holds of where a form's answer leads, too, so it names the hosts
// that a login may lead to.
std::string content_policy(const Site& site);

// __Host-countersign; with a cookie domain __Secure-countersign; without TLS countersign. Only a browser that upholds
// the prefix' rules sends the first two.
std::string session_cookie_name(const Site& site);
// Of this host alone, whatever the cookie domain is.
std::string attempt_cookie_name(const Site& site);

// The value of the one cookie of that name in a Cookie header (RFC 6265, section 4.2.1). Empty where there is none, and
// where there are two: one of them is another host's doing, and a proxy that takes one away leaves the other.
std::string_view find_cookie(std::string_view cookies, std::string_view name);

// Values of Set-Cookie. `value` is a token of ours, in base64url.
std::string set_session_cookie(const Site& site, std::string_view value, long seconds);
std::string set_attempt_cookie(const Site& site, std::string_view value, long seconds);
std::string end_session_cookie(const Site& site);
std::string end_attempt_cookie(const Site& site);

}  // namespace countersign::transport::pages
