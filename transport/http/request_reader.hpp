// Bytes in, whole requests out (RFC 9112, a strict part of it), or a refusal.
//
// Pure: no socket, no clock. Fed byte by byte or all at once it says the same. What it lets through has one meaning
// only, for us and for any proxy in front: no Transfer-Encoding, one Content-Length of digits, one Host, no bare CR or
// LF, no folded lines, no body where the method has none. What a stranger's headers say beyond the few we use ends
// here. What a proxy asks about somebody else's request may have that one's query and body: neither is looked at, and a
// body ends the connection, so that nothing in it can be taken for a request. What RFC 9110 and 9112 ask of a server,
// rule by rule: tests/unit/transport/http/server_musts_test.cpp.
//
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http/request.hpp"

namespace countersign::transport::http {

struct HeadLimits {
  std::size_t bytes;
  std::size_t headers;
};
inline constexpr std::size_t kRequestLineBytesMax = 8u << 10;
inline constexpr HeadLimits kHeadLimits{16u << 10, 100};
// What a proxy asks carries the head of the request that it asks about: cookies of an application, and more lines than
// a client of ours writes. No more memory than a certificate in a body takes.
inline constexpr HeadLimits kHeadLimitsOnBehalf{128u << 10, 1000};

class RequestReader {
 public:
  enum class State : std::uint8_t {
    idle,      // not a byte of a request
    head,      // in the middle of a head
    body,      // the head is whole, the body is not
    complete,  // take() it
    refused,   // for good: where the next request would begin is unknown
    ended,     // for good: a body follows that nobody reads, and the answer was the last
  };

  RequestReader() = default;
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;
  ~RequestReader();

  // Bytes that follow a whole request wait until it was taken. After a refusal, and behind the head of a request whose
  // body nobody reads, nothing is kept.
  State feed(std::string_view bytes);
  State state() const { return state_; }
  // True once for a request whose sender waits for leave to send its body (RFC 9110 §10.1.1).
  bool wants_continue();
  // Only when complete: all of it but the body.
  const Request& request() const { return request_; }
  // Only when complete. Goes on with what is left over, so the state may be `complete` again; or it is `ended`.
  Request take();
  // Only when refused.
  const Refusal& refusal() const { return refusal_; }

 private:
  void advance();
  bool take_line();
  bool may_go_on(std::size_t line_bytes);
  bool take_request_line(std::string_view line);
  bool take_target(std::string_view target);
  bool take_header(std::string_view line);
  bool keep_header(std::string_view name, std::string_view value);
  void keep_of_browser(std::string_view name, std::string_view value);
  bool keep_once(std::string& into, bool& seen, std::string_view value, std::string_view reason);
  bool end_head();
  bool judge_framing();
  std::size_t said_length() const;
  bool refuse(int status, std::string_view reason);
  void reset();
  void append(std::string_view bytes);
  void grow_to(std::size_t bytes);
  void drop(std::size_t bytes);

  State state_ = State::idle;
  std::vector<char> buffer_;  // wiped wherever it grows or shrinks: heads hold tokens, bodies passwords
  std::size_t line_begin_ = 0;
  std::size_t scanned_ = 0;  // no LF before this
  bool in_headers_ = false;
  HeadLimits limits_ = kHeadLimits;
  std::size_t header_count_ = 0;
  std::size_t body_begin_ = 0;
  std::size_t body_bytes_ = 0;

  Request request_;
  std::string host_;
  std::string connection_;
  std::string content_length_;
  std::string expect_;
  struct Seen {
    bool host = false, content_length = false, content_type = false, authorization = false, expect = false;
    bool transfer_encoding = false, content_encoding = false;
  } seen_;
  bool wants_continue_ = false;
  bool leaves_body_ = false;
  Refusal refusal_;
};

}  // namespace countersign::transport::http
