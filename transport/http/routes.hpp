// Which call of protocol.md §5 is which operation, on one screen.
//
// A path matches byte for byte: nothing is decoded, nothing is normalised, no pattern meets a stranger's text. So an
// escaped CR, LF, slash or dot never means anything; it is simply no path of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "transport/operations/operation.hpp"
#include "transport/pages/pages.hpp"

namespace countersign::transport::http {

enum class Presentation : std::uint8_t {
  json,       // the answer's fields
  nothing,    // 204
  challenge,  // the armored message as text, or the fields for who accepts JSON
  code,       // the digits as text, or the fields likewise
  authz,      // headers for a proxy, no body; where there is a refusal, why
  forward,    // the same, but that who opens a page is sent to log in, where there are pages
  page,       // HTML (transport/pages)
  health,     // fields and reasons for local callers only
};

enum class Bodies : std::uint8_t {
  none,      // no body
  foreign,   // somebody else's, of which nothing is read
  optional,  // a JSON object, or no body at all
  message,   // a JSON object, or an OpenPGP text
  form,      // those, or a form
};

struct Route {
  std::string_view method;  // `*` stands for every one but CONNECT, whose 200 opens a tunnel, and TRACE
  // `{session}` stands for 32 lower-case hex digits, `{groups}` for GROUP[,GROUP], `{attempt}` for base64url.
  std::string_view path;
  std::string_view operation;
  int status;  // on success
  Presentation presentation;
  Bodies bodies;
  pages::Page page = pages::Page::none;  // of a page, which

  // The row of the operation table.
  const Operation& row() const;
  std::size_t body_bytes_max() const;
  // Asked by a proxy about somebody else's request, whose headers it passes along, and its method, query and body too.
  bool on_behalf() const { return presentation == Presentation::authz || presentation == Presentation::forward; }
  // A browser's session may be in a cookie. Elsewhere a token comes by its header alone, which no other site can set.
  bool takes_cookies() const { return on_behalf() || presentation == Presentation::page; }
  // There only where there are pages.
  bool needs_pages() const { return presentation == Presentation::page || operation.starts_with("attempt."); }
  // Nothing that opens anything is in it.
  bool takes_query() const { return page == pages::Page::login; }
  // Answered from memory or one read: never waits behind signatures and passwords.
  bool quick() const;
};

struct RouteMatch {
  const Route* route = nullptr;
  std::string_view member;  // of the message, that the path says; empty where it says none
  std::string value;        // what it says
  int refusal = 0;          // 404 or 405 where there is no route
  std::string allow;        // with 405: the methods there are
};

// More do not stand in a path.
inline constexpr std::size_t kGroupsInPathMax = 16;

std::span<const Route> routes();
// A HEAD finds the row of its GET.
RouteMatch find_route(std::string_view method, std::string_view path);

}  // namespace countersign::transport::http
