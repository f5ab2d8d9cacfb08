#include "transport/wormhole/websocket_handshake.hpp"

#include <catch2/catch.hpp>

#include "tests/support/fake_rng.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::wormhole;

namespace {

constexpr std::string_view kSampleKey = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 §1.3

std::string answer_with(const std::string& change, const std::string& to) {
  std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
  if (change.empty()) return head + to;
  const std::size_t at = head.find(change);
  REQUIRE(at != std::string::npos);
  return head.replace(at, change.size(), to);
}

bool accepted(const std::string& head) {
  return judge_websocket_response(head, kSampleKey).has_value();
}

}  // namespace

TEST_CASE("the key of a handshake is accepted as RFC 6455 shows it") {
  CHECK(websocket_accept(kSampleKey) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  FakeRng rng;
  const std::string key = draw_websocket_key(rng).value();
  CHECK(from_base64(key)->size() == 16);
  CHECK(draw_websocket_key(rng).value() != key);
  CHECK(write_websocket_request("a.example:4000", "/v1", key) ==
        "GET /v1 HTTP/1.1\r\nHost: a.example:4000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
            key + "\r\n\r\n");
}

TEST_CASE("an answer that accepts the key is taken, in any case and order") {
  CHECK(accepted(answer_with("", "")));
  CHECK(accepted(answer_with("", "\r\nServer: a: b\r\nX:")));
  CHECK(accepted(answer_with("Upgrade: websocket", "UPGRADE:  WebSocket ")));
  CHECK(accepted(answer_with("Connection: Upgrade", "connection: keep-alive, upgrade")));
  CHECK(accepted(answer_with("101 Switching Protocols", "101 ")));
}

TEST_CASE("any other answer to a handshake is refused") {
  for (const std::string& head :
       {std::string(), std::string("HTTP/1.1 200 OK"), answer_with("HTTP/1.1 101", "HTTP/1.0 101"),
        answer_with("101 ", "1010 "), answer_with("Upgrade: websocket\r\n", ""), answer_with("websocket", "h2c"),
        answer_with("Connection: Upgrade", "Connection: close"), answer_with("s3pP", "s3pp"),
        answer_with("Sec-WebSocket-Accept", "Sec-WebSocket-Accepted"),
        answer_with("", "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        answer_with("", "\r\nSec-WebSocket-Extensions: permessage-deflate"),
        answer_with("", "\r\nSec-WebSocket-Protocol: chat"), answer_with("", "\r\n folded"),
        answer_with("", "\r\nno colon"), answer_with("", "\r\n: no name")}) {
    CAPTURE(head);
    CHECK_FALSE(accepted(head));
  }
  CHECK(judge_websocket_response("HTTP/1.1 404 Not \x1b[2JFound", kSampleKey).error().detail.find("404") !=
        std::string::npos);
  CHECK(judge_websocket_response("HTTP/1.1 404 \x1b[2J", kSampleKey).error().detail.find('\x1b') == std::string::npos);
}
