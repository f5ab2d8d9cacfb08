// Whom a request is from, as a server is told by its proxies.
#include <catch2/catch.hpp>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/transport/http/serving.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport::http;

TEST_CASE("S70 forwarded addresses count from configured proxies only") {
  HttpServerSettings settings = Serving::small();
  settings.trusted_proxies = {"127.0.0.9"};
  Serving serving(std::move(settings));
  const std::string request =
      http_request("GET", "/v1/server", "X-Forwarded-For: 198.51.100.7, 203.0.113.9\r\nREMOTE_ADDR: 6.6.6.6\r\n");
  {
    Wire proxy(serving.port(), "127.0.0.9");
    proxy.send(request);
    proxy.reply();
    CHECK(serving.operations.seen().back().source == "203.0.113.9");
  }
  Wire stranger(serving.port(), "127.0.0.8");
  stranger.send(request);
  stranger.reply();
  CHECK(serving.operations.seen().back().source == "127.0.0.8");
}

TEST_CASE("S70 one header alone counts and a stranger cannot choose which") {
  for (const bool by_forwarded : {false, true}) {
    HttpServerSettings settings = Serving::small();
    settings.trusted_proxies = {"127.0.0.9"};
    if (by_forwarded) settings.forwarded_header = ForwardedHeader::forwarded;
    Serving serving(std::move(settings));
    Wire proxy(serving.port(), "127.0.0.9");
    proxy.send(http_request("GET", "/v1/server", "Forwarded: for=203.0.113.9\r\nX-Forwarded-For: 203.0.113.7\r\n"));
    proxy.reply();
    CHECK(serving.operations.seen().back().source == (by_forwarded ? "203.0.113.9" : "203.0.113.7"));
    const std::string other = by_forwarded ? "X-Forwarded-For: 6.6.6.6\r\n" : "Forwarded: for=6.6.6.6\r\n";
    proxy.send(http_request("GET", "/v1/server", other));
    proxy.reply();
    CHECK(serving.operations.seen().back().source == "127.0.0.9");
  }
}

TEST_CASE("S70 a source that a proxy left unsaid is told with the proxy") {
  std::mutex mutex;
  std::vector<std::string> told;
  HttpServerSettings settings = Serving::small();
  settings.trusted_proxies = {"127.0.0.9"};
  settings.on_unsaid_source = [&](const Source& source) {
    const char* problem = source.forwarding == Forwarding::missing      ? " missing"
                          : source.forwarding == Forwarding::unreadable ? " unreadable"
                                                                        : " disregarded";
    const std::lock_guard lock(mutex);
    told.push_back(source.address.text() + problem);
  };
  Serving serving(std::move(settings));
  const auto from = [&](const char* peer, const char* path, const char* headers) {
    Wire wire(serving.port(), peer);
    wire.send(http_request("GET", path, headers));
    wire.reply();
    const std::lock_guard lock(mutex);
    return std::exchange(told, {});
  };
  using Told = std::vector<std::string>;
  CHECK(from("127.0.0.9", "/v1/server", "") == Told{"127.0.0.9 missing"});
  CHECK(from("127.0.0.9", "/v1/authz", "Forwarded: for=203.0.113.9\r\n") == Told{"127.0.0.9 missing"});
  CHECK(from("127.0.0.9", "/v1/server", "X-Forwarded-For: unknown\r\n") == Told{"127.0.0.9 unreadable"});
  CHECK(from("127.0.0.9", "/v1/server", "X-Forwarded-For: unknown, 203.0.113.9\r\n") == Told{});
  CHECK(from("127.0.0.9", "/readyz", "") == Told{});  // monitors ask without a proxy
  CHECK(from("127.0.0.9", "/nothing", "") == Told{});
  CHECK(from("127.0.0.8", "/v1/server", "") == Told{});
  CHECK(from("127.0.0.8", "/v1/server", "X-Forwarded-For: 203.0.113.9\r\n") == Told{"127.0.0.8 disregarded"});
}
