#include "transport/http/request_reader.hpp"

#include <string.h>

#include <algorithm>
#include <cassert>

#include "storage/base/text.hpp"
#include "transport/http/request_target.hpp"

namespace countersign::transport::http {
namespace {

constexpr std::size_t kMethodBytesMax = 16;
constexpr std::size_t kLengthMax = 10'000'000'000;  // what is longer counts as this

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// RFC 9110 §5.6.2.
bool is_token_char(char c) {
  return (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z') || is_digit(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

// Printable ASCII, blanks and tabs, and bytes above it, which only headers that nobody reads may hold.
bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The letters of RFC 3986 §3.2.2 and a port; no user information. Nothing depends on what it says.
bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
    return (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z') || is_digit(c) ||
           std::string_view(".-_:[]~%!$&'()*+,;=").find(c) != std::string_view::npos;
  });
}

bool is_on_behalf(const RouteMatch& match) {
  return match.route != nullptr && match.route->on_behalf();
}

bool list_has(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equal_ignoring_case(trimmed(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(list.size(), comma + 1));
  }
  return false;
}

void wipe_bytes(std::vector<char>& bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

void join(std::string& list, std::string_view value) {
  if (!list.empty()) list += ", ";
  list += value;
}

// What a browser says beside its cookies, and a proxy of a browser's request. Said twice it says nothing that fits.
std::string* browser_header(Request& request, std::string_view name) {
  const std::pair<std::string_view, std::string*> known[] = {
      {"Origin", &request.origin},
      {"User-Agent", &request.user_agent},
      {"Sec-Fetch-Site", &request.fetch_site},
      {"Sec-Fetch-Mode", &request.fetch_mode},
      {"X-Forwarded-Method", &request.forwarded_method},
      {"X-Forwarded-Proto", &request.forwarded_proto},
      {"X-Forwarded-Host", &request.forwarded_host},
      {"X-Forwarded-Uri", &request.forwarded_uri},
  };
  for (const auto& [header, kept] : known) {
    if (equal_ignoring_case(name, header)) return kept;
  }
  return nullptr;
}

}  // namespace

RequestReader::~RequestReader() {
  wipe_bytes(buffer_);
}

RequestReader::State RequestReader::feed(std::string_view bytes) {
  if (state_ == State::refused || state_ == State::ended) return state_;
  append(bytes);
  advance();
  return state_;
}

bool RequestReader::wants_continue() {
  const bool wants = wants_continue_ && state_ == State::body;
  wants_continue_ = false;
  return wants;
}

Request RequestReader::take() {
  assert(state_ == State::complete);
  request_.body.assign(buffer_.data() + body_begin_, body_bytes_);
  Request taken = std::move(request_);
  const bool ends = leaves_body_;
  drop(ends ? buffer_.size() : body_begin_ + body_bytes_);
  reset();
  if (ends) state_ = State::ended;
  advance();
  return taken;
}

void RequestReader::advance() {
  if (state_ == State::complete || state_ == State::refused || state_ == State::ended) return;
  while (state_ == State::idle || state_ == State::head) {
    if (!take_line()) return;
  }
  if (state_ == State::body && buffer_.size() - body_begin_ >= body_bytes_) state_ = State::complete;
}

// False when there is nothing more to do with what is there.
bool RequestReader::take_line() {
  if (state_ == State::idle && !buffer_.empty()) state_ = State::head;
  const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(scanned_);
  const auto newline = std::find(begin, buffer_.end(), '\n');
  const auto end = static_cast<std::size_t>(newline - buffer_.begin());
  scanned_ = end;
  // Before the line is looked at, so that it does not matter in which pieces it came.
  if (!in_headers_ && !may_go_on(end - line_begin_)) return refuse(414, "request line too long");
  if (end >= limits_.bytes) return refuse(431, "head too long");
  if (newline == buffer_.end()) return false;

  const std::string_view line(buffer_.data() + line_begin_, end - line_begin_);
  line_begin_ = scanned_ = end + 1;
  if (line.empty() || line.back() != '\r') return refuse(400, "line without CR");
  const std::string_view text = line.substr(0, line.size() - 1);
  if (!in_headers_ && text.empty()) {
    // RFC 9112 §2.2: some clients end a body with an empty line that nobody asked for.
    if (line_begin_ < buffer_.size()) return true;
    drop(buffer_.size());
    reset();
    return false;
  }
  if (!in_headers_) {
    in_headers_ = true;
    return take_request_line(text);
  }
  return text.empty() ? end_head() : take_header(text);
}

// Whether a request line may be so long: longer than others where a proxy passes along a query in it.
bool RequestReader::may_go_on(std::size_t line_bytes) {
  if (line_bytes <= kRequestLineBytesMax) return true;
  const std::string_view begin(buffer_.data() + line_begin_, kRequestLineBytesMax);
  const std::string_view method = begin.substr(0, begin.find(' '));
  const std::string_view target = begin.substr(std::min(method.size() + 1, begin.size()));
  // Without its `?` here the path would be longer than any of ours.
  if (target.find('?') == std::string_view::npos) return false;
  if (!is_on_behalf(find_route(method, split_target(target).path))) return false;
  limits_ = kHeadLimitsOnBehalf;
  return true;
}

bool RequestReader::take_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return refuse(400, "request line");
  const std::string_view method = line.substr(0, first);
  const std::string_view path = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (method.empty() || method.size() > kMethodBytesMax ||
      !std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return refuse(400, "method");
  }
  request_.method = method;
  request_.to_head = refusal_.to_head = method == "HEAD";
  // A minor version above ours is read as ours (RFC 9110 §2.5).
  if (version.size() != 8 || !version.starts_with("HTTP/1.") || !is_digit(version.back()))
    return refuse(400, "version");
  request_.http_1_0 = version.back() == '0';
  return take_target(path);
}

bool RequestReader::take_target(std::string_view text) {
  const std::size_t query = std::min(text.find('?'), text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte <= 0x20 || byte == 0x7f || byte == '#' || (byte > 0x7f && i < query)) return refuse(400, "path");
  }
  const Target target = split_target(text);
  // RFC 9112 §3.2.2: the host is then this one, whatever Host says.
  if (target.host && !is_host(*target.host)) return refuse(400, "host");
  const bool asterisk = target.path == "*" && request_.method == "OPTIONS";  // RFC 9112 §3.2.4
  if (!target.path.starts_with('/') && !asterisk) return refuse(400, "path");
  request_.match = find_route(request_.method, target.path);
  const bool on_behalf = is_on_behalf(request_.match);
  // Nothing we take comes by a query string, least of all a token, and what is in one ends up in logs; but for the
  // address that a person goes back to from the login page. A proxy that asks about somebody else's request may send
  // that one's, which ends here.
  const bool takes_query = request_.match.route != nullptr && request_.match.route->takes_query();
  if (target.has_query && !on_behalf && !takes_query) return refuse(400, "query string");
  if (takes_query) request_.query = target.query;
  request_.path = target.path;
  if (on_behalf) limits_ = kHeadLimitsOnBehalf;
  return true;
}

bool RequestReader::take_header(std::string_view line) {
  if (++header_count_ > limits_.headers) return refuse(431, "too many headers");
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "folded line");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return refuse(400, "header name");
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_char)) return refuse(400, "control character");
  return keep_header(line.substr(0, colon), value);
}

bool RequestReader::keep_once(std::string& into, bool& seen, std::string_view value, std::string_view reason) {
  if (seen || !is_ascii(value)) return refuse(400, reason);
  seen = true;
  into = value;
  return true;
}

// The headers that mean something to us; every other is dropped here, REMOTE_ADDR and Accept-Encoding too, and Cookie
// where the route takes none.
bool RequestReader::keep_header(std::string_view name, std::string_view value) {
  const auto is = [name](std::string_view known) { return equal_ignoring_case(name, known); };
  if (is("Host")) return keep_once(host_, seen_.host, value, "host");
  if (is("Content-Length")) return keep_once(content_length_, seen_.content_length, value, "content length");
  if (is("Content-Type")) return keep_once(request_.content_type, seen_.content_type, value, "content type");
  if (is("Expect")) return keep_once(expect_, seen_.expect, value, "expect");
  if (is("Transfer-Encoding")) {
    seen_.transfer_encoding = true;
  } else if (is("Content-Encoding")) {
    seen_.content_encoding = true;
  } else if (is("Authorization")) {
    if (seen_.authorization || !is_ascii(value)) return refuse(400, "authorization");
    seen_.authorization = true;
    request_.authorization = Secret(as_bytes(value));
  } else if (is("Connection")) {
    join(connection_, value);
  } else if (is("Accept")) {
    join(request_.accept, value);
  } else if (is("X-Forwarded-For")) {
    request_.forwarded = true;
    join(request_.forwarded_for, value);
  } else if (is("Forwarded")) {
    request_.forwarded = true;
    join(request_.forwarded_elements, value);
  } else if (is("X-Real-IP") || is("Via")) {
    request_.forwarded = true;
  } else if (request_.match.route != nullptr && request_.match.route->takes_cookies()) {
    keep_of_browser(name, value);
  }
  return true;
}

void RequestReader::keep_of_browser(std::string_view name, std::string_view value) {
  if (equal_ignoring_case(name, "Cookie")) {
    if (!request_.cookies.empty()) request_.cookies += "; ";
    request_.cookies += value;
  } else if (std::string* kept = browser_header(request_, name)) {
    join(*kept, value);
  }
}

bool RequestReader::end_head() {
  if (seen_.host ? !is_host(host_) : !request_.http_1_0) return refuse(400, "host");
  request_.keep_alive = request_.http_1_0 ? list_has(connection_, "keep-alive") : !list_has(connection_, "close");
  if (!judge_framing()) return false;
  body_begin_ = line_begin_;
  state_ = State::body;
  grow_to(body_begin_ + body_bytes_);  // exactly: a thousand of them must not double in size
  return true;
}

// Of digits.
std::size_t RequestReader::said_length() const {
  std::size_t length = 0;
  for (const char c : content_length_) length = std::min(kLengthMax, length * 10 + static_cast<std::size_t>(c - '0'));
  return length;
}

// How long the body is, and whether anything says otherwise (RFC 9112 §6.3).
bool RequestReader::judge_framing() {
  const Route* route = request_.match.route;
  if (seen_.transfer_encoding) return refuse(seen_.content_length ? 400 : 411, "transfer encoding");
  if (seen_.content_length &&
      (content_length_.empty() || !std::all_of(content_length_.begin(), content_length_.end(), is_digit))) {
    return refuse(400, "content length");
  }
  const std::size_t length = said_length();
  if (route == nullptr) {
    // An unwanted body is not read, so the connection ends with the answer; without one the carrier answers.
    refusal_.allow = request_.match.allow;
    if (length > 0) return refuse(request_.match.refusal, "no such call");
    return true;
  }
  if (route->on_behalf()) {
    // The headers describe the request that is asked about. Nor is its body waited for: a proxy may pass the length
    // along and keep the bytes, and the next request of the connection would be taken for them.
    leaves_body_ = length > 0;
    request_.keep_alive = request_.keep_alive && !leaves_body_;
    return true;
  }
  if (length > 0 && route->bodies == Bodies::none) return refuse(400, "body where there is none");
  if (length > route->body_bytes_max()) return refuse(413, "body too large");
  if (!seen_.content_length && (route->bodies == Bodies::message || route->bodies == Bodies::form)) {
    return refuse(411, "no content length");
  }
  if (seen_.content_encoding) return refuse(415, "content encoding");
  if (equal_ignoring_case(std::string_view(request_.content_type).substr(0, 10), "multipart/")) {
    return refuse(415, "multipart");
  }
  if (seen_.expect && !equal_ignoring_case(expect_, "100-continue")) return refuse(400, "expect");
  wants_continue_ = seen_.expect && length > 0 && !request_.http_1_0;
  body_bytes_ = length;
  return true;
}

bool RequestReader::refuse(int status, std::string_view reason) {
  refusal_.status = status;
  refusal_.reason = reason;
  state_ = State::refused;
  drop(buffer_.size());
  return false;
}

void RequestReader::reset() {
  state_ = State::idle;
  line_begin_ = scanned_ = header_count_ = body_begin_ = body_bytes_ = 0;
  in_headers_ = wants_continue_ = leaves_body_ = false;
  limits_ = kHeadLimits;
  request_ = Request{};
  for (std::string* kept : {&host_, &connection_, &content_length_, &expect_}) kept->clear();
  seen_ = Seen{};
  refusal_ = Refusal{};
}

void RequestReader::append(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t needed = buffer_.size() + bytes.size();
  if (needed > buffer_.capacity()) grow_to(std::max({needed, buffer_.capacity() * 2, std::size_t{1024}}));
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void RequestReader::grow_to(std::size_t bytes) {
  if (bytes <= buffer_.capacity()) return;
  std::vector<char> larger;
  larger.reserve(bytes);
  larger.assign(buffer_.begin(), buffer_.end());
  wipe_bytes(buffer_);
  buffer_.swap(larger);
}

void RequestReader::drop(std::size_t bytes) {
  std::vector<char> rest(buffer_.begin() + static_cast<std::ptrdiff_t>(bytes), buffer_.end());
  wipe_bytes(buffer_);
  // A parked connection keeps a small buffer only: thousands of them must stay cheap.
  if (buffer_.capacity() > (4u << 10) || !rest.empty()) {
    buffer_.swap(rest);
  } else {
    buffer_.clear();
  }
}

}  // namespace countersign::transport::http
