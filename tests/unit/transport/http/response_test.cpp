#include "transport/http/response.hpp"

#include <catch2/catch.hpp>

#include <ctime>
#include <string>

#include "tests/unit/transport/http/serving.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;

TEST_CASE("a HEAD is answered with the headers of its GET and without a body") {
  Serving serving;
  serving.operations.answer = [&](const Message& message) -> Result<Json> {
    if (message.token.reveal_text() == "cs_bad") return fail(ErrorCode::session_expired);
    return Json::object()
        .set("session", std::string(32, 'b'))
        .set("account", std::string(64, 'a'))
        .set("username", "alice")
        .set("fingerprint", "");
  };
  for (const char* path : {"/v1/authz", "/v1/session", "/v1/sessions", "/v1/server", "/healthz", "/readyz"}) {
    for (const char* token : {"cs_abc", "cs_bad"}) {
      INFO(path << " " << token);
      const std::string bearer = std::string("Authorization: Bearer ") + token + "\r\n";
      const WireReply whole = ask(serving.port(), http_request("GET", path, bearer));
      Wire wire(serving.port());
      REQUIRE(wire.send(http_request("HEAD", path, bearer) + http_request("GET", path, bearer)));
      const WireReply head = wire.reply(true);
      CHECK(head.head == whole.head);
      CHECK(wire.reply().body == whole.body);  // nothing of a body stood between them
    }
  }
}

TEST_CASE("every answer says when it was made") {
  Serving serving;
  serving.operations.answer = [](const Message& message) -> Result<Json> {
    if (message.operation == "session.show") return fail(ErrorCode::session_unknown);
    return Json::object();
  };
  for (const std::string& request :
       {http_request("GET", "/v1/server"), http_request("GET", "/v1/session", "Authorization: Bearer cs_abc\r\n"),
        http_request("GET", "/none"), std::string("nonsense\r\n")}) {
    const std::time_t before = std::time(nullptr);
    const std::string date = ask(serving.port(), request).header("date");
    INFO(date);
    std::tm utc{};
    const char* end = strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    REQUIRE(end != nullptr);
    CHECK(*end == '\0');
    CHECK(date.size() == 29);  // RFC 9110 §5.6.7: of fixed length
    const std::time_t said = timegm(&utc);
    CHECK(said >= before);
    CHECK(said <= std::time(nullptr));
  }
}
