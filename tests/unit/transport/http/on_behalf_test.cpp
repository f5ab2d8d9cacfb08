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

const std::string kId = "00112233445566778899aabbccddeeff";
const std::string kBearer = "Authorization: Bearer cs_abc\r\n";

std::string get(const std::string& headers, const std::string& path = "/v1/session") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string post(const std::string& headers) {
  return "POST /v1/authz HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

Json session() {
  return Json::object()
      .set("session", kId)
      .set("account", std::string(64, 'a'))
      .set("username", "zoë b")
      .set("fingerprint", "7E83D657744F8AD2656B40035C27A52981F1F86B");
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

TEST_CASE("authz answers a proxy with headers that are always there") {
  Serving serving;
  bool by_key = true;
  serving.operations.answer = [&](const Message& message) -> Result<Json> {
    if (message.token.empty()) return fail(ErrorCode::malformed_token);
    Json groups = Json::array();
    if (by_key) {
      for (const char* group : {"staff", "ops"}) groups.push(group);
    }
    return session()
        .set("fingerprint", by_key ? "7E83D657744F8AD2656B40035C27A52981F1F86B" : "")
        .set("groups", std::move(groups))
        .set("email", "zoe+a%b@example.org")
        .set("display_name", "Zoë, \"Z\" O'Neill\r\nX: y");
  };
  const WireReply reply = serving.get("/v1/authz", kBearer);
  CHECK(reply.status == 200);
  CHECK(reply.header("remote-user") == "zo%C3%AB%20b");
  CHECK(reply.header("remote-account") == std::string(64, 'a'));
  CHECK(reply.header("remote-key-fingerprint") == "7E83D657744F8AD2656B40035C27A52981F1F86B");
  CHECK(reply.header("remote-session") == kId);
  CHECK(reply.header("remote-groups") == "staff,ops");
  CHECK(reply.header("remote-email") == "zoe+a%25b@example.org");
  CHECK(reply.header("remote-name") == "Zo%C3%AB%2C %22Z%22 O'Neill%0D%0AX%3A y");
  CHECK(reply.body.empty());
  by_key = false;
  const WireReply by_password = serving.get("/v1/authz", kBearer);
  CHECK(by_password.status == 200);
  CHECK(by_password.headers.count("remote-key-fingerprint") == 1);
  CHECK(by_password.headers.count("remote-groups") == 1);
  CHECK(by_password.header("remote-groups").empty());
  const WireReply denied = serving.get("/v1/authz");
  CHECK(denied.status == 401);
  CHECK(denied.header("www-authenticate") == "Bearer realm=\"countersign\"");  // RFC 6750 §3: with a parameter
  CHECK(denied.headers.count("remote-user") == 0);
}

TEST_CASE("authz refuses with 401 where nginx would turn anything else into 500") {
  Serving serving;
  ErrorCode code = ErrorCode::slow_down;
  serving.operations.answer = [&](const Message&) -> Result<Json> { return fail(code); };
  for (const ErrorCode one :
       {ErrorCode::slow_down, ErrorCode::malformed_message, ErrorCode::conflict, ErrorCode::session_expired}) {
    code = one;
    CHECK(serving.get("/v1/authz", kBearer).status == 401);
  }
  code = ErrorCode::storage_unavailable;  // nobody was judged, and nobody gets in
  CHECK(serving.get("/v1/authz", kBearer).status == 503);
}

TEST_CASE("authz tells who is logged in and in none of the groups so, and hands the groups of the path on") {
  Serving serving;
  serving.operations.answer = [](const Message& message) -> Result<Json> {
    if (message.fields.find("groups") != nullptr) return fail(ErrorCode::not_permitted, "alice is in none");
    return session();
  };
  CHECK(serving.get("/v1/authz", kBearer).status == 200);
  CHECK(serving.operations.seen().back().fields.find("groups") == nullptr);
  const WireReply denied = serving.get("/v1/authz/staff,ops?groups=none", kBearer);
  CHECK(denied.status == 403);
  CHECK(denied.body == R"({"type":"about:blank","title":"Forbidden","status":403,"code":"denied"})");
  CHECK(denied.headers.count("www-authenticate") == 0);
  CHECK(denied.headers.count("remote-user") == 0);
  CHECK(*serving.operations.seen().back().fields.find("groups")->string() == "staff,ops");
  CHECK(serving.get("/v1/authz/Staff", kBearer).status == 404);
}

TEST_CASE("a cookie counts at a proxy's questions and at pages, where there are pages, and is dropped elsewhere") {
  HttpServerSettings settings = Serving::small();
  settings.site = pages::parse_site("https://auth.example.org", "").value();
  settings.trusted_proxies = {"127.0.0.1"};
  Serving serving(settings);
  serving.operations.answer = [](const Message& message) -> Result<Json> {
    if (message.token.empty()) return fail(ErrorCode::malformed_token);
    return session();
  };
  const std::string cookie = "Cookie: a=b; __Host-countersign=cs_c\r\n";
  for (const char* path : {"/v1/authz", "/v1/forward", "/v1/authz/staff"}) {
    CAPTURE(path);
    CHECK(serving.get(path, cookie).status == 200);
    CHECK(serving.operations.seen().back().token.reveal_text() == "cs_c");
    // A header that brings one is asked first, and another guard's is passed over.
    serving.get(path, cookie + kBearer);
    CHECK(serving.operations.seen().back().token.reveal_text() == "cs_abc");
    CHECK(serving.get(path, cookie + "Authorization: Basic eDp5\r\n").status == 200);
    CHECK(serving.get(path, "Cookie: countersign=cs_c; __Secure-countersign=cs_c\r\n").status == 401);
  }
  for (const char* path : {"/v1/session", "/v1/sessions"}) CHECK(serving.get(path, cookie).status == 401);
  Serving without;
  without.operations.answer = serving.operations.answer;
  CHECK(without.get("/v1/authz", cookie).status == 401);
}

TEST_CASE("who opens a page is sent to log in by a trusted proxy's question, and nobody else is") {
  HttpServerSettings settings = Serving::small();
  settings.site = pages::parse_site("https://auth.example.org", "example.org").value();
  settings.trusted_proxies = {"127.0.0.1"};
  ErrorCode code = ErrorCode::malformed_token;
  const auto refuse = [&](const Message&) -> Result<Json> { return fail(code); };
  const std::string asked =
      "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n"
      "X-Forwarded-Host: app.example.org\r\nX-Forwarded-Uri: /a\r\nAccept: text/html\r\n";
  {
    Serving serving(settings);
    serving.operations.answer = refuse;
    const WireReply sent = serving.get("/v1/forward/staff", asked);
    CHECK(sent.status == 302);
    CHECK(sent.header("location") == "https://auth.example.org/login?return=https%3A%2F%2Fapp.example.org%2Fa");
    // Said twice it is not known.
    CHECK(serving.get("/v1/forward", asked + "X-Forwarded-Method: POST\r\n").status == 401);
    CHECK(serving.get("/v1/forward", asked + "X-Forwarded-Host: evil.org\r\n").header("location") ==
          "https://auth.example.org/login");
    CHECK(serving.get("/v1/authz", asked).status == 401);
    code = ErrorCode::not_permitted;
    const WireReply outside = serving.get("/v1/forward/staff", asked);
    CHECK(outside.status == 403);
    CHECK(outside.header("content-type") == "text/html; charset=utf-8");
    code = ErrorCode::storage_unavailable;
    CHECK(serving.get("/v1/forward", asked).status == 503);
    code = ErrorCode::malformed_token;
  }
  settings.trusted_proxies = {"192.0.2.1"};
  Serving stranger(settings);
  stranger.operations.answer = refuse;
  CHECK(stranger.get("/v1/forward", asked).status == 401);
}

TEST_CASE("authz lets nobody in with an answer that lacks something") {
  Serving serving;
  Json answer = session();
  serving.operations.answer = [&](const Message&) -> Result<Json> { return answer; };
  for (const char* member : {"account", "session"}) {
    answer = session();
    answer.erase(member);
    CHECK(serving.get("/v1/authz", kBearer).status == 503);
    answer.set(member, "x\r\nRemote-User: root");
    const WireReply reply = serving.get("/v1/authz", kBearer);
    CHECK(reply.status == 503);
    CHECK(reply.headers.count("remote-user") == 0);
  }
  answer = session().set("fingerprint", "not hex");
  CHECK(serving.get("/v1/authz", kBearer).status == 503);
  for (const char* group : {"a,b", "a\r\nRemote-User: root", ""}) {
    Json groups = Json::array();
    groups.push(group);
    answer = session().set("groups", std::move(groups));
    CHECK(serving.get("/v1/authz", kBearer).status == 503);
  }
}
