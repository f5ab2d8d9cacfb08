#include "transport/http/carrier.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#include "storage/base/text.hpp"
#include "transport/http/message_body.hpp"
#include "transport/http/problem.hpp"

namespace countersign::transport::http {
namespace {

constexpr std::string_view kInternal = "internal failure";

// One request on its way through httplib.
struct Exchange {
  Exchange(const Request& of, const Address& from) : request(of), source(from) {}

  const Request& request;
  Address source;
  bool local = false;                  // from this host and not forwarded
  httplib::Request* parsed = nullptr;  // to wipe its body: the handlers see it as const
  bool evened_out = false;             // leaves at the next tick, so that its time says nothing
  std::string_view refusal;            // why it never became an operation
};

// httplib's handlers have no argument of ours; a request is answered on one thread from begin to end.
thread_local Exchange* current = nullptr;

// A request to read and an answer to write, in memory.
class MemoryStream final : public httplib::Stream {
 public:
  MemoryStream(std::string_view head, std::string_view body, std::string source)
      : head_(head), body_(body), source_(std::move(source)) {}

  bool is_readable() const override { return !head_.empty() || !body_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* out, std::size_t size) override {
    std::string_view& from = head_.empty() ? body_ : head_;
    const std::size_t count = std::min(size, from.size());
    std::memcpy(out, from.data(), count);
    from.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, std::size_t size) override {
    written_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = source_;
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return 0; }  // compared with FD_SETSIZE, never used

  std::string& written() { return written_; }

 private:
  std::string_view head_;
  std::string_view body_;
  std::string source_;
  std::string written_;
};

struct BodyWipe {
  Exchange& exchange;
  ~BodyWipe() { wipe(exchange.parsed->body); }
};

void show_problem(const Problem& problem, httplib::Response& response) {
  response.status = problem.status;
  response.set_content(document_of(problem), std::string(kProblemType).c_str());
  if (const auto seconds = retry_after_of(problem.status); !seconds.empty()) {
    response.set_header("Retry-After", std::string(seconds));
  }
}

void show_json(const Json& json, httplib::Response& response) {
  response.set_content(write_json(json), "application/json");
}

Problem broken() {
  return {503, Face::unavailable, {}};
}

// The headers that a proxy hands on to what it protects. A session that lacks one of them lets nobody in.
void show_authz(const Json& session, httplib::Response& response) {
  const auto text = [&](std::string_view name) {
    const Json* member = session.find(name);
    const std::string* value = member == nullptr ? nullptr : member->string();
    return value == nullptr ? std::string_view{} : std::string_view(*value);
  };
  const std::string_view account = text("account");
  const std::string_view fingerprint = text("fingerprint");
  const std::string_view id = text("session");
  const bool hex = fingerprint.size() <= 64 && from_hex(fingerprint).has_value();
  if (!is_lower_hex(account, 64) || !is_lower_hex(id, 32) || !hex) return show_problem(broken(), response);
  response.set_header("Remote-User", percent_encode(text("username")));
  response.set_header("Remote-Account", std::string(account));
  response.set_header("Remote-Key-Fingerprint", std::string(fingerprint));
  response.set_header("Remote-Session", std::string(id));
}

void show_challenge(const Json& challenge, const Request& request, httplib::Response& response) {
  const Json* message = challenge.find("challenge_message");
  if (message == nullptr || message->string() == nullptr) return show_problem(broken(), response);
  if (accepts_json(request.accept)) return show_json(challenge, response);
  response.set_content(*message->string(), "text/plain");
}

void show_health(const Json& answer, const Exchange& exchange, httplib::Response& response) {
  if (exchange.local && answer.members() != nullptr) return show_json(answer, response);
  show_json(Json::object().set("status", "ok"), response);
}

void show_answer(const Json& answer, Exchange& exchange, httplib::Response& response) {
  const Route& route = *exchange.request.match.route;
  response.status = route.status;
  switch (route.presentation) {
    case Presentation::json:
      return show_json(answer, response);
    case Presentation::nothing:
      return;
    case Presentation::challenge:
      // Whose account there is costs a read or two more than a decoy.
      exchange.evened_out = true;
      return show_challenge(answer, exchange.request, response);
    case Presentation::authz:
      return show_authz(answer, response);
    case Presentation::health:
      return show_health(answer, exchange, response);
  }
}

void show_health_failure(const Error& error, const Exchange& exchange, httplib::Response& response) {
  show_problem(broken(), response);
  if (!exchange.local) return;
  Json reasons = Json::array();
  reasons.push(Json(fmt::format("{}: {}", name_of(error.code), escape_for_display(error.detail, 512))));
  Json document = Json::object();
  document.set("type", "about:blank").set("title", title_of(503)).set("status", 503).set("code", "unavailable");
  document.set("reasons", std::move(reasons));
  response.set_content(write_json(document), std::string(kProblemType).c_str());
}

void show_error(const Error& error, Exchange& exchange, httplib::Response& response) {
  const Route& route = *exchange.request.match.route;
  if (route.presentation == Presentation::health) return show_health_failure(error, exchange, response);
  Problem problem = problem_of(error);
  // nginx makes 500 of whatever is neither 2xx, 401 nor 403; a token that was tried too often is no less refused.
  if (route.presentation == Presentation::authz && problem.status != 503) problem = {401, Face::denied, {}};
  show_problem(problem, response);
  if (problem.status != 401) return;
  const bool bearer = route.row().guard == Guard::bearer;
  // Every 401 names a way to authenticate (RFC 9110 §15.5.2); that of a response or a password is ours.
  response.set_header("WWW-Authenticate", bearer ? "Bearer" : "Countersign");
  exchange.evened_out = !bearer;
}

void run(Operations& operations, std::string_view body, Exchange& exchange, httplib::Response& response) {
  const Request& request = exchange.request;
  const Route& route = *request.match.route;
  Message message;
  message.operation = route.operation;
  message.carrier = Carrier::http;
  message.source = exchange.source.text();
  if (route.row().guard == Guard::bearer) message.token = bearer_token(request.authorization);
  if (const auto read = read_body(request, body, message); !read) {
    exchange.refusal = "body";
    Problem problem = problem_of(read.error().error);
    problem.status = read.error().status;
    return show_problem(problem, response);
  }
  if (!request.match.session.empty()) {
    if (message.fields.find("session") != nullptr) {
      return show_error({ErrorCode::malformed_message, "session: in the path and in the body"}, exchange, response);
    }
    message.fields.set("session", request.match.session);
  }
  Result<Json> reply = operations.run(message);
  wipe(message.text);
  message.fields.wipe();
  if (!reply) return show_error(reply.error(), exchange, response);
  show_answer(*reply, exchange, response);
}

// httplib adds headers of its own; what leaves is what we mean.
void finish_headers(const Exchange& exchange, httplib::Response& response) {
  for (const char* own : {"Keep-Alive", "Connection", "Accept-Ranges"}) response.headers.erase(own);
  if (response.status == 204) response.headers.erase("Content-Length");  // RFC 9110 §8.6
  if (!exchange.request.keep_alive) {
    response.set_header("Connection", "close");
  } else if (exchange.request.http_1_0) {
    response.set_header("Connection", "keep-alive");
  }
}

}  // namespace

class HttpCarrier::Engine final : public httplib::Server {
 public:
  explicit Engine(Operations& operations) {
    for (const Route& route : routes()) {
      auto handler = [&operations](const httplib::Request& request, httplib::Response& response) {
        const BodyWipe wipe_after{*current};
        run(operations, request.body, *current, response);
      };
      const std::string pattern = inner_path(route);
      if (route.method == "GET") Get(pattern, handler);
      if (route.method == "POST") Post(pattern, Handler(handler));
      if (route.method == "DELETE") Delete(pattern, Handler(handler));
    }
    set_default_headers({{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}});
    set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
      current->refusal = kInternal;
      show_problem(broken(), response);
    });
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) show_problem({response.status, Face::malformed, {}}, response);
    });
    set_post_routing_handler(
        [](const httplib::Request&, httplib::Response& response) { finish_headers(*current, response); });
    warm_up();
  }

  // The bytes of the answer; empty when httplib gave none.
  std::string answer(Exchange& exchange) {
    const Request& request = exchange.request;
    const std::string head = fmt::format("{} {} HTTP/1.1\r\nContent-Length: {}\r\n\r\n", request.method,
                                         inner_path(*request.match.route), request.body.size());
    MemoryStream stream(head, request.body, exchange.source.text());
    current = &exchange;
    bool closed = false;
    const bool answered = process_request(stream, !request.keep_alive, closed, [&](httplib::Request& parsed) {
      parsed.body.reserve(request.body.size());  // in one piece, so that it can be wiped
      exchange.parsed = &parsed;
    });
    current = nullptr;
    return answered ? std::move(stream.written()) : std::string{};
  }

 private:
  // The constant that stands for a route inside httplib; a session id travels beside it.
  static std::string inner_path(const Route& route) {
    std::string path(route.path);
    if (path.back() == '*') path.back() = '1';
    return path;
  }

  // The library makes its tables at its first request. Made here they are there before any thread is; ThreadSanitizer
  // cannot see the guard of a static in a library that was not built with it.
  void warm_up() {
    const Request none;
    Exchange exchange(none, Address{});
    MemoryStream stream("GET /none HTTP/1.1\r\n\r\n", "", "");
    current = &exchange;
    bool closed = false;
    process_request(stream, true, closed, nullptr);
    current = nullptr;
  }

  bool process_and_close_socket(socket_t) override { return false; }  // it has none
};

HttpCarrier::HttpCarrier(Operations& operations, CarrierSettings settings)
    : engine_(std::make_unique<Engine>(operations)), settings_(std::move(settings)) {}

HttpCarrier::~HttpCarrier() = default;

Answer HttpCarrier::answer(Request request, const Address& peer, SteadyTime arrived) {
  if (request.match.route == nullptr) {
    // Nothing of it is left unread, so the connection may go on.
    const Refusal refusal{request.match.refusal, "no such call", request.match.allow, request.method == "HEAD"};
    if (settings_.on_refusal) settings_.on_refusal(peer.text(), refusal.reason);
    return {render(problem_of(refusal), refusal.allow, refusal.to_head, request.keep_alive), request.keep_alive,
            std::nullopt};
  }
  Exchange exchange(request, source_of(peer, request.forwarded_for, settings_.trusted_proxies));
  exchange.local = peer.is_loopback() && !request.forwarded;
  Answer answer;
  try {
    answer.bytes = engine_->answer(exchange);
  } catch (const std::exception&) {
    current = nullptr;
    exchange.refusal = kInternal;
  }
  answer.keep_alive = request.keep_alive;
  if (answer.bytes.empty()) {
    answer.bytes = render(broken(), "", false, false);
    answer.keep_alive = false;
  }
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
  return {render(problem_of(refusal), refusal.allow, refusal.to_head, false), false, std::nullopt};
}

SteadyTime next_tick(SteadyTime arrived, SteadyTime now, std::chrono::milliseconds tick) {
  if (tick <= std::chrono::milliseconds::zero()) return now;
  const auto waited = std::max(now - arrived, SteadyTime::duration::zero());
  return arrived + (waited / tick + 1) * tick;
}

}  // namespace countersign::transport::http
