// What a proxy asks about somebody else's request, whose method, query and body it may pass along: how it is read, and
// answered.
#include <catch2/catch.hpp>

#include <string>

#include "tests/unit/transport/http/serving.hpp"
#include "transport/http/request_reader.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;
using State = RequestReader::State;

namespace {

const std::string kBearer = "Authorization: Bearer cs_abc\r\n";

std::string get(const std::string& headers, const std::string& path = "/v1/session") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string post(const std::string& headers) {
  return "POST /v1/authz HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

}  // namespace

TEST_CASE("what a proxy asks may have any method but those that have a meaning of their own between the two") {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"}) {
    INFO(method);
    RequestReader reader;
    REQUIRE(reader.feed(std::string(method) + " /v1/authz HTTP/1.1\r\nHost: a\r\n\r\n") == State::complete);
    const Request request = reader.take();
    REQUIRE(request.match.route != nullptr);
    CHECK(request.match.route->operation == "session.authz");
    CHECK(request.keep_alive);
    CHECK(request.to_head == (request.method == "HEAD"));
  }
  for (const char* method : {"CONNECT", "TRACE"}) {
    INFO(method);
    RequestReader reader;
    REQUIRE(reader.feed(std::string(method) + " /v1/authz HTTP/1.1\r\nHost: a\r\n\r\n") == State::complete);
    CHECK(reader.request().match.refusal == 405);
  }
}

TEST_CASE("S61 the query of what a proxy asks is nowhere in the request") {
  RequestReader reader;
  REQUIRE(reader.feed(get("", "/v1/authz?token=cs_abc")) == State::complete);
  const Request request = reader.take();
  CHECK(request.path == "/v1/authz");
  CHECK(request.authorization.empty());
}

TEST_CASE("S61 the body of what a proxy asks is not waited for and nothing in it is ever a request") {
  const std::string inside = get("Authorization: Bearer cs_abc\r\n");
  const std::string length = "Content-Length: " + std::to_string(inside.size()) + "\r\n";
  for (const char* method : {"GET", "HEAD", "POST", "DELETE"}) {
    INFO(method);
    const std::string head = std::string(method) + " /v1/authz HTTP/1.1\r\nHost: a\r\n" + length + "\r\n";
    RequestReader at_once;
    REQUIRE(at_once.feed(head + inside + inside) == State::complete);
    const Request request = at_once.take();
    CHECK(request.body.empty());
    CHECK_FALSE(request.keep_alive);
    CHECK(at_once.state() == State::ended);
    CHECK(at_once.feed(inside) == State::ended);
    RequestReader in_pieces;
    REQUIRE(in_pieces.feed(head) == State::complete);
    in_pieces.take();
    CHECK(in_pieces.state() == State::ended);
    CHECK(in_pieces.feed(inside) == State::ended);
  }
}

TEST_CASE("S61 what frames a body that nobody reads is still of one meaning only") {
  const auto asked = [](const std::string& headers) {
    RequestReader reader;
    return reader.feed(post(headers)) == State::refused ? reader.refusal().status : 0;
  };
  CHECK(asked("") == 0);
  CHECK(asked("Content-Length: 0\r\n") == 0);
  CHECK(asked("Content-Length: 5\r\n") == 0);
  CHECK(asked("Content-Length: 18446744073709551616\r\n") == 0);  // 2^64 is not nothing
  CHECK(asked("Content-Length: 5\r\nExpect: 100-continue\r\n") == 0);
  CHECK(asked("Content-Length: 5x\r\n") == 400);
  CHECK(asked("Content-Length: -5\r\n") == 400);
  CHECK(asked("Content-Length: 0\r\nContent-Length: 5\r\n") == 400);
  CHECK(asked("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(asked("Transfer-Encoding: chunked\r\n") == 411);
  RequestReader reader;
  REQUIRE(reader.feed(post("Content-Length: 18446744073709551616\r\n")) == State::complete);
  reader.take();
  CHECK(reader.state() == State::ended);
}

TEST_CASE("S61 a request behind one that a proxy asks without a body is read as ever") {
  RequestReader reader;
  REQUIRE(reader.feed(get("Content-Length: 0\r\n", "/v1/authz?a") + get("", "/v1/session?a")) == State::complete);
  CHECK(reader.take().keep_alive);
  CHECK(reader.state() == State::refused);
}

TEST_CASE("authz answers what a proxy asks whatever the query and the body of the other request are") {
  Serving serving;
  const auto ask_for = [&](const std::string& method, const std::string& target, const std::string& headers,
                           const std::string& body = {}) {
    return ask(serving.port(), http_request(method, target, headers, body));
  };
  serving.operations.answer = [&](const Message& message) -> Result<Json> {
    if (message.token.reveal_text() != "cs_abc") return fail(ErrorCode::malformed_token);
    return Json::object()
        .set("session", std::string(32, '0'))
        .set("account", std::string(64, 'a'))
        .set("username", "alice")
        .set("fingerprint", "");
  };
  const std::string plain = ask_for("GET", "/v1/authz", kBearer).head;
  CHECK(ask_for("GET", "/v1/authz?a=b&token=cs_wrong", kBearer).head == plain);
  CHECK(ask_for("GET", "/v1/authz?token=cs_abc", "").status == 401);
  CHECK(ask_for("GET", "/v1/authz?" + std::string(20000, 'q'), kBearer + "Cookie: " + std::string(20000, 'c') + "\r\n")
            .head == plain);
  const WireReply posted = ask_for("POST", "/v1/authz", kBearer, std::string(1000, 'x'));
  CHECK(posted.status == 200);
  CHECK(posted.header("remote-user") == "alice");
  CHECK(posted.header("connection") == "close");
  // A long one can be sent to its end all the same, and the answer is not lost to a reset.
  Wire wire(serving.port());
  REQUIRE(wire.send(http_request("PUT", "/v1/authz", kBearer, std::string(200'000, 'x'))));
  CHECK(wire.reply().status == 200);
  CHECK(wire.closed());
  CHECK(ask_for("POST", "/v1/authz", "", R"({"token":"cs_abc"})").status == 401);
  for (const Message& message : serving.operations.seen()) CHECK(message.fields.members()->empty());
  // In a URL of ours a query is refused as ever.
  CHECK(ask_for("GET", "/v1/session?a=b", kBearer).status == 400);
}
