#include "transport/http/carrier.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/records/profile.hpp"
#include "storage/base/one_line.hpp"
#include "storage/base/text.hpp"
#include "transport/http/message_body.hpp"
#include "transport/http/problem.hpp"
#include "transport/http/response.hpp"
#include "transport/pages/navigation.hpp"

namespace countersign::transport::http {
namespace {

// One request and what is known of it beside its bytes.
struct Exchange {
  const Request& request;
  Address source;
  bool local = false;                  // from this host and not forwarded
  bool evened_out = false;             // leaves at the next tick, so that its time says nothing
  std::string_view refusal;            // why it never became an operation
  bool of_proxy = false;               // from a trusted proxy, whose word on the request that it asks about counts
  pages::Pages* site_pages = nullptr;  // where there are pages
};

pages::AskedAbout asked_about(const Request& request) {
  return {request.forwarded_method, request.forwarded_proto, request.forwarded_host,
          request.forwarded_uri,    request.accept,          request.fetch_mode};
}

// A person who opens a page, behind a proxy that tells us which.
bool is_told_navigation(const Exchange& exchange) {
  return exchange.request.match.route->presentation == Presentation::forward && exchange.site_pages != nullptr &&
         exchange.of_proxy && pages::is_navigation(asked_about(exchange.request));
}

Response show_page(const pages::PageAnswer& page, const Exchange& exchange) {
  Response response{page.status, page.media_type, page.body};
  response.add_header("Content-Security-Policy", pages::content_policy(exchange.site_pages->site()));
  // Not `no-referrer`: a form would be posted with `Origin: null`.
  response.add_header("Referrer-Policy", "same-origin");
  if (!page.location.empty()) response.add_header("Location", page.location);
  for (const std::string& cookie : page.cookies) response.add_header("Set-Cookie", cookie);
  return response;
}

Response show_json(const Json& json) {
  return {200, kJsonType, write_json(json)};
}

Problem broken() {
  return {503, Face::unavailable, {}};
}

// What else of an email address (RFC 5322, section 3.2.3) and of a name stays as it is. Neither has a comma, at which
// readers split lists, nor the percent sign.
constexpr std::string_view kKeptOfEmail = "!#$&'*+/=?^`{|}~";
constexpr std::string_view kKeptOfName = " '";

// The groups with commas between. None where one is no group: then it is not known which there are.
std::optional<std::string> list_groups(const Json& session) {
  std::string list;
  const Json* groups = session.find("groups");
  if (groups == nullptr) return list;
  if (groups->items() == nullptr) return std::nullopt;
  for (const Json& group : *groups->items()) {
    if (group.string() == nullptr || !auth::records::check_group(*group.string())) return std::nullopt;
    list.append(list.empty() ? "" : ",").append(*group.string());
  }
  return list;
}

// The headers that a proxy hands on to what it protects. A session that lacks one of those that name it lets nobody in.
Response show_authz(const Json& session) {
  const auto text = [&](std::string_view name) {
    const Json* member = session.find(name);
    const std::string* value = member == nullptr ? nullptr : member->string();
    return value == nullptr ? std::string_view{} : std::string_view(*value);
  };
  const std::string_view account = text("account");
  const std::string_view fingerprint = text("fingerprint");
  const std::string_view id = text("session");
  const bool hex = fingerprint.size() <= 64 && from_hex(fingerprint).has_value();
  const auto groups = list_groups(session);
  if (!is_lower_hex(account, 64) || !is_lower_hex(id, 32) || !hex || !groups) return respond(broken());
  Response response{200};
  response.add_header("Remote-User", header_text(text("username")));
  response.add_header("Remote-Account", account);
  response.add_header("Remote-Key-Fingerprint", fingerprint);
  response.add_header("Remote-Session", id);
  response.add_header("Remote-Groups", *groups);
  response.add_header("Remote-Email", header_text(text("email"), kKeptOfEmail));
  response.add_header("Remote-Name", header_text(text("display_name"), kKeptOfName));
  return response;
}

// The one member that people want, as text; all of them for who asks for JSON.
Response show_text(const Json& answer, std::string_view member, const char* end, const Request& request) {
  const Json* text = answer.find(member);
  if (text == nullptr || text->string() == nullptr) return respond(broken());
  if (accepts_json(request.accept)) return show_json(answer);
  return {200, kTextType, *text->string() + end};
}

Response show_health(const Json& answer, const Exchange& exchange) {
  if (exchange.local && answer.members() != nullptr) return show_json(answer);
  return show_json(Json::object().set("status", "ok"));
}

Response present(const Json& answer, Exchange& exchange) {
  switch (exchange.request.match.route->presentation) {
    case Presentation::json:
      return show_json(answer);
    case Presentation::nothing:
      return {200};
    case Presentation::challenge:
      // Whose account there is costs a read or two more than a decoy.
      exchange.evened_out = true;
      return show_text(answer, "challenge_message", "", exchange.request);
    case Presentation::code:
      return show_text(answer, "code", "\n", exchange.request);
    case Presentation::authz:
    case Presentation::forward:
      return show_authz(answer);
    case Presentation::health:
      return show_health(answer, exchange);
    case Presentation::page:
      break;  // shown by show_page()
  }
  return respond(broken());
}

Response show_answer(const Json& answer, Exchange& exchange) {
  Response response = present(answer, exchange);
  if (response.status == 200) response.status = exchange.request.match.route->status;
  return response;
}

Response show_health_failure(const Error& error, const Exchange& exchange) {
  Response response = respond(broken());
  if (!exchange.local) return response;
  Json reasons = Json::array();
  reasons.push(Json(fmt::format("{}: {}", name_of(error.code), escape_for_display(on_one_line(error.detail), 512))));
  Json document = Json::object();
  document.set("type", "about:blank").set("title", title_of(503)).set("status", 503).set("code", "unavailable");
  document.set("reasons", std::move(reasons));
  response.body = write_json(document);
  return response;
}

Response show_error(const Error& error, Exchange& exchange) {
  const Route& route = *exchange.request.match.route;
  if (route.presentation == Presentation::health) return show_health_failure(error, exchange);
  Problem problem = problem_of(error);
  // nginx makes 500 of whatever is neither 2xx, 401 nor 403; a token that was tried too often is no less refused. Who
  // is logged in and may not have this is told so: another login would not help.
  if (route.on_behalf() && problem.status != 503) {
    problem = {error.code == ErrorCode::not_permitted ? 403 : 401, Face::denied, {}};
  }
  if (is_told_navigation(exchange) && problem.status == 403) {
    return show_page(exchange.site_pages->not_a_member(), exchange);
  }
  if (is_told_navigation(exchange) && problem.status == 401) {
    Response to_login{302};
    to_login.add_header("Location", pages::login_address(exchange.site_pages->site(), asked_about(exchange.request)));
    return to_login;
  }
  Response response = respond(problem);
  if (problem.status != 401) return response;
  const bool bearer = route.row().guard == Guard::bearer;
  // Every 401 names a way to authenticate (RFC 9110 §15.5.2). That of a token has a parameter (RFC 6750 §3); that of a
  // response or a password is ours.
  response.add_header("WWW-Authenticate", bearer ? "Bearer realm=\"countersign\"" : "Countersign");
  exchange.evened_out = !bearer;
  return response;
}

// The token of a header; where that brings none and the route takes cookies, of one.
Secret token_of(const Exchange& exchange) {
  Secret token = bearer_token(exchange.request.authorization);
  if (!token.empty() || exchange.site_pages == nullptr || !exchange.request.match.route->takes_cookies()) return token;
  const std::string name = pages::session_cookie_name(exchange.site_pages->site());
  return Secret(as_bytes(pages::find_cookie(exchange.request.cookies, name)));
}

Response refuse_body(const BodyRefusal& refusal, Exchange& exchange) {
  exchange.refusal = "body";
  Problem problem = problem_of(refusal.error);
  problem.status = refusal.status;
  return respond(problem);
}

Response run_page(Exchange& exchange) {
  const Request& request = exchange.request;
  Message posted;
  if (const auto read = read_body(request, posted); !read) return refuse_body(read.error(), exchange);
  if (const std::string member(request.match.member); !member.empty()) {
    posted.fields.set(member, request.match.value);
  }
  const std::string source = exchange.source.text();
  const pages::PageAnswer page =
      exchange.site_pages->answer({request.match.route->page, request.query, posted.fields, request.cookies,
                                   request.origin, request.fetch_site, request.user_agent, source});
  exchange.evened_out = page.evened_out;
  wipe(posted.text);
  posted.fields.wipe();
  return show_page(page, exchange);
}

Response run(Operations& operations, Exchange& exchange) {
  if (exchange.request.match.route->presentation == Presentation::page) return run_page(exchange);
  const Request& request = exchange.request;
  const Route& route = *request.match.route;
  Message message;
  message.operation = route.operation;
  message.carrier = Carrier::http;
  message.source = exchange.source.text();
  if (route.row().guard == Guard::bearer) message.token = token_of(exchange);
  if (const auto read = read_body(request, message); !read) return refuse_body(read.error(), exchange);
  if (const std::string member(request.match.member); !member.empty()) {
    if (message.fields.find(member) != nullptr) {
      return show_error({ErrorCode::malformed_message, member + ": in the path and in the body"}, exchange);
    }
    message.fields.set(member, request.match.value);
  }
  Result<Json> reply = operations.run(message);
  wipe(message.text);
  message.fields.wipe();
  return reply ? show_answer(*reply, exchange) : show_error(reply.error(), exchange);
}

bool is_unsaid(const Source& source, const Request& request) {
  switch (source.forwarding) {
    case Forwarding::none:
    case Forwarding::read:
      return false;
    case Forwarding::disregarded:
      return source.address.is_loopback();  // anybody else writes what he likes
    case Forwarding::missing:
    case Forwarding::unreadable:
      return request.match.route->presentation != Presentation::health;
  }
  return false;
}

// The text of an exception stays here.
Response run_safely(Operations& operations, Exchange& exchange) {
  try {
    return run(operations, exchange);
  } catch (const std::exception&) {
    exchange.refusal = "internal failure";
    return respond(broken());
  }
}

}  // namespace

HttpCarrier::HttpCarrier(Operations& operations, CarrierSettings settings)
    : operations_(operations), settings_(std::move(settings)) {
  if (settings_.site) pages_.emplace(operations, *settings_.site);
}

Source HttpCarrier::source_of_request(const Request& request, const Address& peer) const {
  switch (settings_.forwarded_header) {
    case ForwardedHeader::x_forwarded_for:
      return source_of(peer, settings_.forwarded_header, request.forwarded_for, settings_.trusted_proxies);
    case ForwardedHeader::forwarded:
      return source_of(peer, settings_.forwarded_header, request.forwarded_elements, settings_.trusted_proxies);
  }
  return {peer};
}

Answer HttpCarrier::answer(Request request, const Address& peer, SteadyTime arrived) {
  const Source source = source_of_request(request, peer);
  Exchange exchange{.request = request, .source = source.address, .refusal = {}};
  exchange.local = peer.is_loopback() && !request.forwarded;
  Response response;
  exchange.of_proxy = is_trusted(peer, settings_.trusted_proxies);
  exchange.site_pages = pages_ ? &*pages_ : nullptr;
  const bool without_pages = request.match.route != nullptr && request.match.route->needs_pages() && !pages_;
  if (request.match.route == nullptr || without_pages) {
    // Nothing of it is left unread, so the connection may go on.
    exchange.source = peer;
    exchange.refusal = "no such call";
    const int status = without_pages ? 404 : request.match.refusal;
    const bool navigation = pages::is_navigation({.method = request.method, .accept = request.accept});
    response = pages_ && status == 404 && navigation
                   ? show_page(pages_->not_found(), exchange)
                   : respond(Refusal{status, exchange.refusal, request.match.allow, request.to_head});
  } else {
    if (is_unsaid(source, request) && settings_.on_unsaid_source) settings_.on_unsaid_source(source);
    response = run_safely(operations_, exchange);
  }
  Answer answer{render(response, {request.to_head, request.keep_alive, request.http_1_0}), request.keep_alive, {}};
  wipe(response.body);  // it may hold a token, and so may a cookie
  wipe(response.headers);
  if (exchange.evened_out) {
    answer.hold_until = next_tick(arrived, std::chrono::steady_clock::now(), settings_.refusal_tick);
  }
  if (!exchange.refusal.empty() && settings_.on_refusal) {
    settings_.on_refusal(exchange.source.text(), exchange.refusal);
  }
  return answer;
}

Answer HttpCarrier::refuse(const Refusal& refusal, const Address& peer) {
  if (settings_.on_refusal) settings_.on_refusal(peer.text(), refusal.reason);
  return {render(respond(refusal), {.to_head = refusal.to_head}), false, std::nullopt};
}

SteadyTime next_tick(SteadyTime arrived, SteadyTime now, std::chrono::milliseconds tick) {
  if (tick <= std::chrono::milliseconds::zero()) return now;
  const auto waited = std::max(now - arrived, SteadyTime::duration::zero());
  return arrived + (waited / tick + 1) * tick;
}

}  // namespace countersign::transport::http
