#include "transport/http/request_reader.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace countersign;
using namespace countersign::transport::http;
using State = RequestReader::State;

namespace {

const std::string kPost =
    "POST /v1/session HTTP/1.1\r\nHost: auth.example.org\r\nContent-Length: 5\r\nContent-Type: application/json\r\n"
    "Authorization: Bearer cs_abc\r\nAccept: text/plain\r\n\r\nhello";

// The status of the refusal, 0 for a whole request, -1 for one that lacks something.
int status_of(const std::string& bytes) {
  RequestReader reader;
  switch (reader.feed(bytes)) {
    case State::refused:
      return reader.refusal().status;
    case State::complete:
      return 0;
    case State::idle:
    case State::head:
    case State::body:
    case State::ended:
      return -1;
  }
  return -1;
}

int status_byte_by_byte(const std::string& bytes) {
  RequestReader reader;
  for (const char byte : bytes) {
    const State state = reader.feed({&byte, 1});
    if (state == State::refused) return reader.refusal().status;
    if (state == State::complete) return 0;
  }
  return -1;
}

std::string get(const std::string& headers, const std::string& path = "/v1/session") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string post(const std::string& headers, const std::string& body, const std::string& path = "/v1/session") {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}

struct Case {
  const char* what;
  std::string bytes;
  int status;
};

std::vector<Case> cases() {
  return {
      {"plain GET", get(""), 0},
      {"GET with an empty body said", get("Content-Length: 0\r\n"), 0},
      {"body on GET", get("Content-Length: 1\r\n") + "x", 400},
      {"plain POST", post("Content-Length: 2\r\n", "{}"), 0},
      {"POST without length", post("", ""), 411},
      {"POST without length where a body is optional", post("", "", "/v1/session/refresh"), 0},
      {"DELETE without length", "DELETE /v1/session HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"length not digits", post("Content-Length: 5x\r\n", "hello"), 400},
      {"negative length", post("Content-Length: -1\r\n", ""), 400},
      {"signed length", post("Content-Length: +5\r\n", "hello"), 400},
      {"empty length", post("Content-Length:\r\n", ""), 400},
      {"length list", post("Content-Length: 5, 5\r\n", "hello"), 400},
      {"two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
      {"two lengths", post("Content-Length: 5\r\ncontent-length: 6\r\n", "hello"), 400},
      {"length of 64 KiB", post("Content-Length: 65536\r\n", std::string(65536, 'x')), 0},
      {"length over 64 KiB", post("Content-Length: 65537\r\n", ""), 413},
      {"a certificate of 128 KiB", post("Content-Length: 131072\r\n", std::string(131072, 'x'), "/v1/accounts"), 0},
      {"a certificate over 128 KiB", post("Content-Length: 131073\r\n", "", "/v1/accounts"), 413},
      {"a length that overflows", post("Content-Length: 18446744073709551621\r\n", "hello"), 413},
      {"chunked", post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), 411},
      {"chunked and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "hello"), 400},
      {"identity transfer", post("Transfer-Encoding: identity\r\n", ""), 411},
      {"chunked GET", get("Transfer-Encoding: chunked\r\n"), 411},
      {"compressed body", post("Content-Encoding: gzip\r\nContent-Length: 5\r\n", "hello"), 415},
      {"range, which is ignored", get("Range: bytes=0-1\r\n"), 0},
      {"multipart", post("Content-Type: Multipart/form-data; boundary=x\r\nContent-Length: 5\r\n", "hello"), 415},
      {"another expectation", post("Expect: rain\r\nContent-Length: 5\r\n", "hello"), 400},
      {"no host", "GET /v1/session HTTP/1.1\r\n\r\n", 400},
      {"no host in 1.0", "GET /v1/session HTTP/1.0\r\n\r\n", 0},
      {"two hosts", get("Host: a\r\n"), 400},
      {"a host that is none", "GET /v1/session HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"empty host", "GET /v1/session HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"bare LF in the head", "GET /v1/session HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"bare LF at its end", "GET /v1/session HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"bare CR in a value", get("X: a\rb\r\n"), 400},
      {"doubled CR", get("X: a\r\r\n"), 400},
      {"NUL in a value", get(std::string("X: a\0b\r\n", 8)), 400},
      {"escape in a value", get("X: a\x1b[31m\r\n"), 400},
      {"DEL in a value", get("X: a\x7f\r\n"), 400},
      {"tab in a value", get("X: a\tb\r\n"), 0},
      {"bytes above ASCII where nobody reads", get("X: caf\xc3\xa9\r\n"), 0},
      {"bytes above ASCII in a token", get("Authorization: Bearer \xc3\xa9\r\n"), 400},
      {"folded line", get("X: a\r\n b\r\n"), 400},
      {"folded first line", "GET /v1/session HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"blank before the colon", get("X : a\r\n"), 400},
      {"no colon", get("X\r\n"), 400},
      {"empty name", get(": a\r\n"), 400},
      {"control byte in a name", get("X\x01: a\r\n"), 400},
      {"two tokens", get("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), 400},
      {"empty line first", "\r\n" + get(""), 0},
      {"empty lines first", "\r\n\r\n\r\n" + get(""), 0},
      {"empty line without CR first", "\n" + get(""), 400},
      {"no version", "GET /v1/session\r\nHost: a\r\n\r\n", 400},
      {"version 2", "PRI * HTTP/2.0\r\n\r\n", 400},
      {"version 1.2", "GET /v1/session HTTP/1.2\r\nHost: a\r\n\r\n", 0},
      {"version 1.10", "GET /v1/session HTTP/1.10\r\nHost: a\r\n\r\n", 400},
      {"version in lower case", "GET /v1/session http/1.1\r\nHost: a\r\n\r\n", 400},
      {"two blanks", "GET  /v1/session HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"blank after the version", "GET /v1/session HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"absolute form", get("", "http://auth.example.org:80/v1/session"), 0},
      {"absolute form of https", get("", "HTTPS://auth.example.org/v1/session"), 0},
      {"absolute form without a path", get("", "http://auth.example.org"), 0},
      {"absolute form without a host", get("", "http:///v1/session"), 400},
      {"absolute form with user information", get("", "http://alice@auth.example.org/v1/session"), 400},
      {"absolute form of another scheme", get("", "ftp://auth.example.org/v1/session"), 400},
      {"absolute form and no Host", "GET http://a/v1/session HTTP/1.1\r\n\r\n", 400},
      {"asterisk of OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"asterisk of GET", get("", "*"), 400},
      {"HEAD", "HEAD /v1/session HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"query string", get("", "/v1/session?token=cs_abc"), 400},
      {"fragment", get("", "/v1/session#x"), 400},
      {"query string of what a proxy asks", get("", "/v1/authz?token=cs_abc&x=%0d%0a?"), 0},
      {"empty query string of what a proxy asks", get("", "/v1/authz?"), 0},
      {"bytes above ASCII in a query that nobody reads", get("", "/v1/authz?caf\xc3\xa9"), 0},
      {"control byte in it", get("", "/v1/authz?a\x01"), 400},
      {"blank in it", get("", "/v1/authz?a b"), 400},
      {"fragment behind it", get("", "/v1/authz?a#b"), 400},
      {"query string of a path that is nearly that", get("", "/v1/authz/?a"), 400},
      {"escaped question mark", get("", "/v1/authz%3fa"), 0},
      {"query string in absolute form", get("", "http://a/v1/authz?http://b/"), 0},
      {"query string behind a host alone", get("", "http://a?/v1/authz"), 400},
      {"long query string", get("", "/v1/authz?" + std::string(100'000, 'a')), 0},
      {"long query string in absolute form", get("", "http://a/v1/authz?" + std::string(100'000, 'a')), 0},
      {"query string above every limit", get("", "/v1/authz?" + std::string(kHeadLimitsOnBehalf.bytes, 'a')), 431},
      {"long query string of another path", get("", "/v1/session?" + std::string(kRequestLineBytesMax, 'a')), 414},
      {"long path that begins with that", get("", "/v1/authz" + std::string(kRequestLineBytesMax, 'a')), 414},
      {"long path with a late query", get("", "/v1/authz" + std::string(kRequestLineBytesMax, 'a') + "?a"), 414},
      {"long version", "GET /v1/authz HTTP/1.1?" + std::string(kRequestLineBytesMax, 'a') + "\r\n\r\n", 414},
      {"tunnel", "CONNECT /v1/authz?" + std::string(kRequestLineBytesMax, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"control byte in the path", get("", "/v1/session\x01"), 400},
      {"byte above ASCII in the path", get("", "/v1/sess\xc3\xa9"), 400},
      {"lower-case method", "get /v1/session HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"long method", "AAAAAAAAAAAAAAAAA /v1/session HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"long path", get("", "/" + std::string(kRequestLineBytesMax, 'a')), 414},
      {"long head", get("X: " + std::string(kHeadLimits.bytes, 'a') + "\r\n"), 431},
      {"body for no such path", post("Content-Length: 5\r\n", "hello", "/v1/nothing"), 404},
      {"body for another method", "PUT /v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 405},
      {"no such path without a body", get("", "/v1/nothing"), 0},
      {"a TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 12), 400},
  };
}

}  // namespace

TEST_CASE("S61 every rule of the reader holds however the bytes come") {
  for (const Case& one : cases()) {
    INFO(one.what);
    CHECK(status_of(one.bytes) == one.status);
    CHECK(status_byte_by_byte(one.bytes) == one.status);
  }
}

TEST_CASE("S61 a request cut anywhere is neither whole nor refused") {
  for (const Case& one : cases()) {
    if (one.status != 0) continue;
    INFO(one.what);
    const std::size_t step = one.bytes.size() > 4096 ? 997 : 1;
    for (std::size_t size = 0; size < one.bytes.size(); size += step) {
      RequestReader reader;
      const State state = reader.feed(one.bytes.substr(0, size));
      REQUIRE(state != State::complete);
      REQUIRE(state != State::refused);
      const bool begun = one.bytes.substr(0, size).find_first_not_of("\r\n") != std::string::npos;
      REQUIRE((state == State::idle || state == State::head || begun));
      if (begun) REQUIRE(state != State::idle);
      REQUIRE(reader.feed(one.bytes.substr(size)) == State::complete);
    }
  }
}

TEST_CASE("S61 a head of exactly the limit passes and one byte more does not") {
  const std::string frame = get("X: \r\n");
  const std::string at_limit = get("X: " + std::string(kHeadLimits.bytes - frame.size(), 'a') + "\r\n");
  REQUIRE(at_limit.size() == kHeadLimits.bytes);
  CHECK(status_of(at_limit) == 0);
  const std::string above = get("X: " + std::string(kHeadLimits.bytes - frame.size() + 1, 'a') + "\r\n");
  CHECK(status_of(above) == 431);
  CHECK(status_byte_by_byte(above) == 431);
}

TEST_CASE("S61 the number of headers is limited") {
  std::string headers;
  for (std::size_t i = 1; i < kHeadLimits.headers; ++i) headers += "X: a\r\n";
  CHECK(status_of(get(headers)) == 0);
  CHECK(status_of(get(headers + "X: a\r\n")) == 431);
}

TEST_CASE("S61 a head without an end is refused at the limit and not kept") {
  RequestReader reader;
  const std::string piece = "X: " + std::string(1000, 'a') + "\r\n";
  reader.feed("GET /v1/session HTTP/1.1\r\n");
  int fed = 0;
  while (reader.feed(piece) == State::head) REQUIRE(++fed < 17);
  CHECK(reader.refusal().status == 431);
  CHECK(reader.feed(get("")) == State::refused);
}

TEST_CASE("a request is read as it was sent") {
  RequestReader reader;
  REQUIRE(reader.feed(kPost) == State::complete);
  const Request request = reader.take();
  CHECK(reader.state() == State::idle);
  CHECK(request.method == "POST");
  CHECK(request.path == "/v1/session");
  REQUIRE(request.match.route != nullptr);
  CHECK(request.match.route->operation == "session.open");
  CHECK(request.content_type == "application/json");
  CHECK(request.accept == "text/plain");
  CHECK(request.authorization.reveal_text() == "Bearer cs_abc");
  CHECK(request.body == "hello");
  CHECK(request.keep_alive);
  CHECK_FALSE(request.forwarded);
}

TEST_CASE("requests sent ahead are kept and read one by one") {
  RequestReader reader;
  const std::string all = kPost + get("") + kPost + "GET /v1";
  REQUIRE(reader.feed(all) == State::complete);
  CHECK(reader.take().body == "hello");
  REQUIRE(reader.state() == State::complete);
  const Request second = reader.take();
  CHECK(second.method == "GET");
  CHECK(second.authorization.empty());  // nothing of the first is left
  CHECK(second.content_type.empty());
  REQUIRE(reader.state() == State::complete);
  CHECK(reader.take().body == "hello");
  CHECK(reader.state() == State::head);
  CHECK(reader.feed("/session HTTP/1.1\r\nHost: a\r\n\r\n") == State::complete);
}

TEST_CASE("a sender that waits for leave gets it once and only before its body") {
  const std::string head = "POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n";
  RequestReader reader;
  REQUIRE(reader.feed(head) == State::body);
  CHECK(reader.wants_continue());
  CHECK_FALSE(reader.wants_continue());
  REQUIRE(reader.feed("hello") == State::complete);
  reader.take();
  REQUIRE(reader.feed(head + "hello") == State::complete);
  CHECK_FALSE(reader.wants_continue());
}

TEST_CASE("a refused request is told so before it sends its body") {
  RequestReader reader;
  CHECK(reader.feed("POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\nExpect: 100-continue\r\n\r\n") ==
        State::refused);
  CHECK_FALSE(reader.wants_continue());
}

TEST_CASE("keep-alive follows version and Connection") {
  const auto kept = [](const std::string& bytes) {
    RequestReader reader;
    REQUIRE(reader.feed(bytes) == State::complete);
    return reader.take().keep_alive;
  };
  CHECK(kept(get("")));
  CHECK_FALSE(kept(get("Connection: close\r\n")));
  CHECK_FALSE(kept(get("Connection: x, Close\r\n")));
  CHECK_FALSE(kept("GET /v1/session HTTP/1.0\r\n\r\n"));
  CHECK(kept("GET /v1/session HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

TEST_CASE("S70 hops are joined in the order of their lines") {
  RequestReader reader;
  REQUIRE(reader.feed(get("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\nREMOTE_ADDR: 127.0.0.1\r\n")) ==
          State::complete);
  const Request request = reader.take();
  CHECK(request.forwarded);
  CHECK(request.forwarded_for == "192.0.2.1, 192.0.2.2");
  CHECK(request.forwarded_elements.empty());
}

TEST_CASE("S70 elements of Forwarded are joined in the order of their lines and are no hops of the other header") {
  RequestReader reader;
  REQUIRE(reader.feed(get("Forwarded: for=192.0.2.1\r\nforwarded: for=\"[2001:db8::1]\"\r\n")) == State::complete);
  const Request request = reader.take();
  CHECK(request.forwarded);
  CHECK(request.forwarded_for.empty());
  CHECK(request.forwarded_elements == "for=192.0.2.1, for=\"[2001:db8::1]\"");
}

TEST_CASE("what a proxy asks about somebody else's request may carry that one's headers") {
  const std::string theirs =
      "Range: bytes=0-1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Encoding: gzip\r\nExpect: rain\r\n";
  CHECK(status_of(get(theirs, "/v1/authz")) == 0);
  CHECK(status_of(get(theirs)) == 415);
}

TEST_CASE("S61 a head that a proxy passes along has wider limits and limits") {
  const auto limited = [](const HeadLimits& limits, const char* path) {
    const std::string frame = get("X: \r\n", path);
    CHECK(status_of(get("X: " + std::string(limits.bytes - frame.size(), 'a') + "\r\n", path)) == 0);
    CHECK(status_of(get("X: " + std::string(limits.bytes - frame.size() + 1, 'a') + "\r\n", path)) == 431);
    std::string headers;
    for (std::size_t i = 1; i < limits.headers; ++i) headers += "X: a\r\n";
    CHECK(status_of(get(headers, path)) == 0);
    CHECK(status_of(get(headers + "X: a\r\n", path)) == 431);
  };
  limited(kHeadLimitsOnBehalf, "/v1/authz");
  limited(kHeadLimits, "/v1/session");
  // The next request of the connection has its own.
  RequestReader reader;
  REQUIRE(reader.feed(get("", "/v1/authz")) == State::complete);
  reader.take();
  CHECK(reader.feed(get("X: " + std::string(kHeadLimits.bytes, 'a') + "\r\n")) == State::refused);
}

TEST_CASE("S61 empty lines without end are refused and an empty line alone leaves the connection idle") {
  RequestReader reader;
  CHECK(reader.feed("\r\n") == State::idle);
  CHECK(reader.feed("\r") == State::head);
  CHECK(reader.feed("\n") == State::idle);
  std::string empty = "\r";
  for (std::size_t i = 0; i < kHeadLimits.bytes; i += 2) empty += "\n\r";
  CHECK(reader.feed(empty) == State::refused);
  CHECK(reader.refusal().status == 431);
}

TEST_CASE("a request in absolute form is read as one in origin form") {
  RequestReader reader;
  REQUIRE(reader.feed("HEAD http://auth.example.org/v1/session HTTP/1.1\r\nHost: other\r\n\r\n") == State::complete);
  const Request request = reader.take();
  CHECK(request.path == "/v1/session");
  CHECK(request.to_head);
  REQUIRE(request.match.route != nullptr);
  CHECK(request.match.route->operation == "session.show");
}
