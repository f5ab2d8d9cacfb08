// What RFC 9110, 9112 and 6750 say that an HTTP server must do, read through once for a server that is no proxy and no
// cache, has no ranges and no validators: the rule, bytes that ask for it, and what we answer.
//
// A row with a reason departs from the text, from a SHOULD, or from the more lenient of two ways, on purpose.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "tests/unit/transport/http/serving.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;

namespace {

enum class After { goes_on, closes };

struct Rule {
  const char* section;
  const char* rule;
  std::string bytes;
  int status;
  After after = After::goes_on;
  std::string has = {};    // a line of the head, its name in lower case
  std::string lacks = {};  // the name of a header
  const char* reason = "";
};

const std::string kGood = "Authorization: Bearer cs_good\r\n";
constexpr After kCloses = After::closes;

std::string get(const std::string& headers, const std::string& target = "/v1/session") {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string post(const std::string& headers, const std::string& body = {}) {
  return "POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body;
}

// clang-format off
std::vector<Rule> rules_of_9112() {
  const std::string to = " /v1/session HTTP/1.1\r\n";
  return {
    {"2.2", "an empty line before the request line is ignored", "\r\n" + get(kGood), 200},
    {"2.2", "so is one after a body that its sender did not count", post("Content-Length: 2\r\n", "{}\r\n"), 201},
    {"2.2", "a bare CR is invalid", get("X: a\rb\r\n"), 400, kCloses},
    {"2.2", "a line ends in CRLF", "GET /v1/session HTTP/1.1\nHost: a\n\n", 400, kCloses, {}, {},
     "a bare LF MAY be taken; two readers of one stream must not disagree where a line ends"},
    {"2.2", "blanks between request line and first field are refused", "GET" + to + " Host: a\r\n\r\n", 400, kCloses},
    {"2.3", "a higher minor version is read as ours", "GET /v1/session HTTP/1.7\r\nHost: a\r\n" + kGood + "\r\n", 200},
    {"2.3", "another major version is not", "GET /v1/session HTTP/3.0\r\nHost: a\r\n\r\n", 400, kCloses, {}, {},
     "505 would be a seventh face of the same refusal"},
    {"3", "one blank between the parts of the request line", "GET  /v1/session HTTP/1.1\r\nHost: a\r\n\r\n", 400,
     kCloses, {}, {}, "other blanks MAY be taken; see line ends"},
    {"3", "request lines of 8,000 bytes are read", get("", "/" + std::string(7980, 'a')), 404},
    {"3", "a target longer than any of ours is 414", get("", "/" + std::string(9000, 'a')), 414, kCloses},
    {"3.1", "methods are told apart by case", "get" + to + "Host: a\r\n\r\n", 400, kCloses, {}, {},
     "501 SHOULD be said of a method that is not known; none in lower case is"},
    {"3.2", "without Host it is 400", "GET" + to + "\r\n", 400, kCloses},
    {"3.2", "but not in HTTP/1.0", "GET /v1/session HTTP/1.0\r\n" + kGood + "\r\n", 200, kCloses},
    {"3.2", "with two Hosts it is 400", get("Host: a\r\n"), 400, kCloses},
    {"3.2", "with a Host that is none it is 400", "GET" + to + "Host: a/b\r\n\r\n", 400, kCloses},
    {"3.2.2", "the absolute form is accepted", get(kGood, "http://auth.example.org/v1/session"), 200},
    {"3.2.2", "and its host counts, not that of the field", get("", "http://alice@a/v1/session"), 400, kCloses},
    {"3.2.3", "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 400, kCloses, {}, {}, "no tunnel begins here"},
    {"3.2.4", "the asterisk form is one", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404},
    {"5", "every field line has a name", get(": x\r\n"), 400, kCloses},
    {"5.1", "no blank before the colon", get("Authorization : Bearer cs_good\r\n"), 400, kCloses},
    {"5.1", "blanks around a value are not of it", get("Authorization:\t  Bearer cs_good \t\r\n"), 200},
    {"5.1", "nor need there be one", get("Authorization:Bearer cs_good\r\n"), 200},
    {"5.2", "folded lines are refused", get("X: a\r\n b\r\n"), 400, kCloses},
    {"6.1", "a coding that is not known", post("Transfer-Encoding: rot13\r\n", "x"), 411, kCloses, {}, {},
     "501 SHOULD be said; no coding is known here, and 411 says what to do instead"},
    {"6.1", "transfer coding in HTTP/1.0 ends the connection",
     "POST /v1/session HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411, kCloses},
    {"6.1", "transfer coding beside a length ends it too",
     post("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "{}"), 400, kCloses},
    {"6.3", "a length that is no number is refused", post("Content-Length: 2x\r\n", "{}"), 400, kCloses},
    {"6.3", "lengths that differ are refused", post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400, kCloses},
    {"6.3", "lengths that agree", post("Content-Length: 2, 2\r\n", "{}"), 400, kCloses, {}, {},
     "MAY be taken as one; whoever writes two was tampered with"},
    {"6.3", "neither coding nor length is no body", "DELETE" + to + "Host: a\r\n" + kGood + "\r\n", 204},
    {"6.3", "a body without a length MAY be 411", post(""), 411, kCloses},
    {"7.1", "chunked bodies", post("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"), 411, kCloses, {}, {},
     "MUST be understood, and MAY be refused with 411 (6.3): a second way to say where a body ends is how requests "
     "are smuggled past a proxy, and every client knows the length of what it signed"},
    {"9.3", "HTTP/1.0 closes", "GET /v1/server HTTP/1.0\r\n\r\n", 200, kCloses, "connection: close"},
    {"9.3", "unless it asks otherwise", "GET /v1/server HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200,
     After::goes_on, "connection: keep-alive"},
    {"9.3", "a body that is not read ends the connection",
     "PUT" + to + "Host: a\r\nContent-Length: 2\r\n\r\n{}", 405, kCloses, "connection: close"},
    {"9.3", "nor is that of what a proxy asks",
     "POST /v1/authz?x HTTP/1.1\r\nHost: a\r\n" + kGood + "Content-Length: 2\r\n\r\n{}", 200, kCloses,
     "connection: close"},
    {"9.6", "close is answered with close", get(kGood + "Connection: close\r\n"), 200, kCloses, "connection: close"},
  };
}

std::vector<Rule> rules_of_9110() {
  const std::string host = " HTTP/1.1\r\nHost: a\r\n";
  return {
    {"5.1", "field names have no case", get("aUTHORIZATION: Bearer cs_good\r\n"), 200},
    {"5.1", "unknown fields are ignored", get(kGood + "X-Whatever: 1\r\n"), 200},
    {"5.3", "the lines of a list are one list", get(kGood + "Connection: x\r\nConnection: close\r\n"), 200, kCloses},
    {"5.4", "more of a field than is taken is 4xx", get("X: " + std::string(17000, 'a') + "\r\n"), 431, kCloses},
    {"5.5", "NUL in a value is refused", get(std::string("X: a\0b\r\n", 8)), 400, kCloses},
    {"5.5", "bytes above ASCII are nobody's business", get(kGood + "X: caf\xc3\xa9\r\n"), 200},
    {"6.6.1", "an answer has its date", get(kGood), 200, After::goes_on, "date: "},
    {"6.6.1", "a refusal too", get(""), 401, After::goes_on, "date: "},
    {"7.8", "an upgrade that is not known is ignored", get(kGood + "Connection: upgrade\r\nUpgrade: h2c\r\n"), 200},
    {"8.4", "a coding of the content that is not known is 415",
     post("Content-Encoding: gzip\r\nContent-Length: 2\r\n", "{}"), 415, kCloses},
    {"8.6", "204 has no length", "DELETE /v1/session" + host + kGood + "\r\n", 204, After::goes_on, {}, "content-length"},
    {"9.1", "GET is supported", get("", "/healthz"), 200},
    {"9.1", "HEAD is supported", "HEAD /healthz" + host + "\r\n", 200},
    {"9.1", "a method that is not known", "BREW /v1/session" + host + "\r\n", 405, After::goes_on,
     "allow: GET, HEAD, POST, DELETE", {}, "501 SHOULD be said; 405 says which there are"},
    {"9.3.1", "content of a GET", get("Content-Length: 1\r\n") + "x", 400, kCloses, {}, {},
     "it has no meaning, and MAY be refused as an attempt to smuggle a request"},
    {"9.3.2", "HEAD has the headers of GET", "HEAD /v1/session" + host + kGood + "\r\n", 200, After::goes_on,
     "content-length: 17"},
    {"9.3.2", "when it is refused too", "HEAD /v1/session" + host + "\r\n", 401, After::goes_on,
     "content-type: application/problem+json"},
    {"9.3.6", "no tunnel begins with a 200", "CONNECT /v1/authz" + host + kGood + "\r\n", 405, After::goes_on,
     "allow: GET, HEAD, POST"},
    {"9.3.7", "OPTIONS", "OPTIONS /v1/session" + host + "\r\n", 405, After::goes_on, "allow: GET, HEAD, POST, DELETE",
     {}, "browsers of other origins have nothing to ask here"},
    {"9.3.8", "TRACE shows no credentials", "TRACE /v1/session" + host + kGood + "\r\n", 405, After::goes_on, {},
     "authorization"},
    {"10.1.1", "who waits for leave is given it", post("Content-Length: 2\r\nExpect: 100-Continue\r\n"), 100},
    {"10.1.1", "or the refusal", post("Content-Length: 70000\r\nExpect: 100-continue\r\n"), 413, kCloses},
    {"10.1.1", "but not in HTTP/1.0",
     "POST /v1/session HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
     201, kCloses},
    {"10.1.1", "who does not wait gets one answer", post("Content-Length: 2\r\nExpect: 100-continue\r\n", "{}"), 201},
    {"10.1.1", "nor is leave given for a body that nobody reads",
     "POST /v1/authz" + host + kGood + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", 200, kCloses},
    {"10.1.1", "another expectation", post("Content-Length: 2\r\nExpect: rain\r\n", "{}"), 400, kCloses, {}, {},
     "MAY be 417; nobody sends one"},
    {"11.1", "the scheme has no case", get("Authorization: bEARER cs_good\r\n"), 200},
    {"11.4", "one blank or more before the token", get("Authorization: Bearer   cs_good\r\n"), 200},
    {"11.6.1", "a 401 names a way to authenticate", get(""), 401, After::goes_on, "www-authenticate: Bearer"},
    {"12.5.1", "a wildcard is any type", get(kGood + "Accept: */*\r\n"), 200},
    {"12.5.1", "a type that there is not", get(kGood + "Accept: image/png\r\n"), 200, After::goes_on, {}, {},
     "the field MAY be disregarded; each call has one form"},
    {"13.1.3", "without validators a date is ignored",
     get(kGood + "If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT\r\n"), 200},
    {"13.2.1", "preconditions", get(kGood + "If-Match: \"x\"\r\n"), 200, After::goes_on, {}, {},
     "MUST be evaluated, to protect what is kept or edited under a URL; answers here are made anew and kept by nobody"},
    {"14.2", "a range is ignored where none is defined", post("Range: bytes=0-1\r\nContent-Length: 2\r\n", "{}"), 201},
    {"14.2", "and may be anywhere", get(kGood + "Range: bytes=0-1\r\n"), 200},
    {"15.5.6", "a 405 says what is allowed", "POST /v1/server" + host + "\r\n", 405, After::goes_on,
     "allow: GET, HEAD"},
  };
}

std::vector<Rule> rules_of_6750() {
  return {
    {"2.1", "the token in its field", get(kGood), 200},
    {"2.2", "a token in a form", post("Content-Length: 20\r\n", "access_token=cs_good"), 400, After::goes_on, {}, {},
     "MAY be supported; a body is kept longer than a header"},
    {"2.3", "a token in the URL", get("", "/v1/session?access_token=cs_good"), 400, kCloses, {}, {},
     "SHOULD NOT be used, and what is in a URL ends up in logs"},
    {"2.3", "in that of what a proxy asks", get("", "/v1/authz?access_token=cs_good"), 401},
    {"3", "the challenge has a parameter", get(""), 401, After::goes_on, "www-authenticate: Bearer realm="},
    {"3.1", "and no error where no token came", get(""), 401, After::goes_on,
     "www-authenticate: Bearer realm=\"countersign\"\r\n"},
    {"3.1", "a token that opens nothing", get("Authorization: Bearer cs_bad\r\n"), 401, After::goes_on,
     "www-authenticate: Bearer realm=\"countersign\"\r\n", {},
     "error=\"invalid_token\" SHOULD be said; every refusal here is the same bytes"},
  };
}
// clang-format on

std::string lower_names(const WireReply& reply) {
  std::string out;
  for (const auto& [name, value] : reply.headers) out += name + ": " + value + "\r\n";
  return out;
}

void check(const char* text, const std::vector<Rule>& rules) {
  Serving serving;
  serving.operations.answer = [](const Message& message) -> Result<Json> {
    const bool wanted = find_operation(message.operation)->guard == Guard::bearer;
    if (wanted && message.token.reveal_text() != "cs_good") return fail(ErrorCode::session_unknown);
    if (message.operation != "session.authz") return Json::object().set("answer", "yes!");
    return Json::object()
        .set("session", std::string(32, '0'))
        .set("account", std::string(64, 'a'))
        .set("username", "alice")
        .set("fingerprint", "");
  };
  for (const Rule& rule : rules) {
    INFO(text << " " << rule.section << ": " << rule.rule << " " << rule.reason);
    Wire wire(serving.port());
    REQUIRE(wire.send(rule.bytes));
    const WireReply reply = wire.reply(rule.bytes.starts_with("HEAD "));
    INFO(reply.head << reply.body);
    CHECK(reply.status == rule.status);
    CHECK(lower_names(reply).find(rule.has) != std::string::npos);
    CHECK((rule.lacks.empty() || reply.headers.count(rule.lacks) == 0));
    CHECK(reply.body.find("cs_good") == std::string::npos);
    if (rule.after == After::closes) {
      CHECK(wire.closed());
    } else if (rule.status != 100) {
      // Where one answer ended and the next request began was clear to both.
      REQUIRE(wire.send(http_request("GET", "/v1/server")));
      CHECK(wire.reply().body == R"({"answer":"yes!"})");
    }
  }
}

}  // namespace

TEST_CASE("what RFC 9112 says that a server must do") {
  check("RFC 9112", rules_of_9112());
}

TEST_CASE("what RFC 9110 says that a server must do") {
  check("RFC 9110", rules_of_9110());
}

TEST_CASE("what RFC 6750 says that a server of tokens must do") {
  check("RFC 6750", rules_of_6750());
}
