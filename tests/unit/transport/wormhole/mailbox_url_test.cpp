#include "transport/wormhole/mailbox_url.hpp"

#include <catch2/catch.hpp>

using namespace countersign;
using namespace countersign::transport::wormhole;

namespace {

std::string url_refusal(std::string_view text) {
  const auto url = parse_mailbox_url(text);
  if (url) return "taken as " + url->text();
  CHECK(url.error().code == ErrorCode::usage);
  return url.error().detail;
}

}  // namespace

TEST_CASE("the URL of a mailbox is wss, a host, a port and /v1") {
  const auto url = parse_mailbox_url("wss://relay.magic-wormhole.io/v1");
  REQUIRE(url.has_value());
  CHECK(*url == MailboxUrl{true, "relay.magic-wormhole.io", 443});
  CHECK(url->text() == "wss://relay.magic-wormhole.io/v1");
  CHECK(parse_mailbox_url("WSS://Relay.Example.org:4000/v1").value() == MailboxUrl{true, "relay.example.org", 4000});
  CHECK(parse_mailbox_url("wss://[2001:db8::1]:4000/v1").value() == MailboxUrl{true, "2001:db8::1", 4000});
  CHECK(parse_mailbox_url("wss://[2001:db8::1]/v1")->authority() == "[2001:db8::1]");
  CHECK(parse_mailbox_url("wss://192.0.2.1/v1")->host == "192.0.2.1");
}

TEST_CASE("a mailbox without TLS is on this machine, an onion, or allowed") {
  CHECK(parse_mailbox_url("ws://localhost:4000/v1").value() == MailboxUrl{false, "localhost", 4000});
  CHECK(parse_mailbox_url("ws://127.0.0.1/v1")->port == 80);
  CHECK(parse_mailbox_url("ws://127.3.2.1:4000/v1").has_value());
  CHECK(parse_mailbox_url("ws://[::1]:4000/v1").has_value());
  CHECK(parse_mailbox_url("ws://abcdefgh.onion/v1")->is_onion());
  for (const char* text : {"ws://relay.example.org:4000/v1", "ws://127.example.org/v1", "ws://192.0.2.1/v1",
                           "ws://[::2]/v1", "ws://onion/v1", "ws://localhost.example.org/v1"}) {
    CAPTURE(text);
    CHECK(url_refusal(text).find("write wss://") != std::string::npos);
    CHECK(parse_mailbox_url(text, InsecureMailbox::allowed).has_value());
  }
}

TEST_CASE("what is no URL of a mailbox is refused with words that say what to do") {
  const auto says = [](std::string_view text, std::string_view words) {
    CAPTURE(text);
    CHECK(url_refusal(text).find(words) != std::string::npos);
  };
  says("", "wss://HOST/v1");
  says("relay.example.org", "wss://HOST/v1");
  says("ftp://relay.example.org/v1", "wss://HOST/v1");
  says("https://relay.example.org/v1", "by WebSocket");
  says("wss://alice:secret@relay.example.org/v1", "leave them out");
  says("wss://relay.example.org/v1#a", "leave out what begins with #");
  says("wss://relay.example.org/v1?a=b", "leave out what begins with ?");
  for (const char* text : {"wss://relay.example.org", "wss://relay.example.org/", "wss://relay.example.org/v2",
                           "wss://relay.example.org/v1/", "wss://relay.example.org//v1"}) {
    says(text, "ends in /v1");
  }
  for (const char* text : {"wss:///v1", "wss://:4000/v1", "wss://-a/v1", "wss://a b/v1", "wss://a\r\nb/v1",
                           "wss://caf\xc3\xa9/v1", "wss://::1/v1"}) {
    says(text, "a name or an address");
  }
  for (const char* text :
       {"wss://a:/v1", "wss://a:0/v1", "wss://a:65536/v1", "wss://a:x/v1", "wss://a:080/v1", "wss://[::1]4000/v1"}) {
    says(text, "1 to 65535");
  }
  for (const char* text : {"wss://[/v1", "wss://[]/v1", "wss://[127.0.0.1]/v1", "wss://[::g]/v1"}) says(text, "IPv6");
}
