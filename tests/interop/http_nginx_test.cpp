// A real nginx in front: as a proxy, and asking /v1/authz about requests of its own.
#include <fmt/format.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/fake_operations.hpp"
#include "tests/support/http_wire.hpp"
#include "tests/support/media.hpp"
#include "tests/support/program.hpp"
#include "tests/support/proxy.hpp"
#include "tests/support/waiting.hpp"
#include "transport/http/http_server.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;

namespace {

constexpr int kKept = 16;

// What the server's side of `port` has established.
int established(std::uint16_t port) {
  std::ifstream table("/proc/net/tcp");
  const std::string local = fmt::format("0100007F:{:04X}", port);
  std::string line;
  int count = 0;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string slot, from, to, state;
    fields >> slot >> from >> to >> state;
    if (from == local && state == "01") ++count;
  }
  return count;
}

// What is in its http block.
std::string two_locations(const std::filesystem::path& folder, std::uint16_t port, std::uint16_t upstream) {
  return fmt::format(R"(
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_read_timeout 5s;
  upstream calls {{ server 127.0.0.1:{1}; keepalive {3}; }}
  upstream asked {{ server 127.0.0.1:{1}; keepalive {3}; }}
  server {{
    listen 127.0.0.1:{2};
    root {0};
    location /v1/ {{ proxy_pass http://calls; }}
    location = /ask {{
      internal;
      proxy_pass http://asked/v1/authz;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
    location /private/ {{
      auth_request /ask;
      auth_request_set $user $upstream_http_remote_user;
      add_header X-User $user;
    }}
  }}
)",
                     folder.string(), upstream, port, kKept);
}

}  // namespace

TEST_CASE("S61 behind nginx neither of two locations waits for the idle connections of the other") {
  if (access(kNginx, X_OK) != 0) {
    WARN("nginx is not installed: not shown here");
    return;
  }
  FakeOperations operations;
  std::atomic<bool> held{false};
  operations.answer = [&](const Message& message) -> Result<Json> {
    while (held.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (message.token.reveal_text() != "cs_good") return fail(ErrorCode::session_unknown);
    return Json::object()
        .set("session", "00112233445566778899aabbccddeeff")
        .set("account", std::string(64, 'a'))
        .set("username", "alice")
        .set("fingerprint", "");
  };
  HttpServerSettings settings;
  settings.port = 0;
  settings.workers = 2;  // far fewer than connections
  settings.trusted_proxies = {"127.0.0.1"};
  HttpServer server(operations, settings);
  REQUIRE(server.start().has_value());
  const ScratchFolder folder;
  const KeptPort kept;
  const std::uint16_t port = kept.number();
  std::filesystem::create_directory(folder.path() / "private");
  write_file(folder.path() / "private" / "page", "the page");
  Proxy nginx(nginx_command(folder.path(), two_locations(folder.path(), port, server.port())), folder.path() / "log");
  nginx.wait_for(port);

  const std::string good = "Authorization: Bearer cs_good\r\n";
  const std::string page = http_request("GET", "/private/page", good);
  const std::string call = http_request("GET", "/v1/session", good);

  // While no answer comes nginx opens a connection for each request, and keeps them all afterwards.
  int expected = 0;
  for (const std::string& request : {page, call}) {
    held.store(true);
    std::vector<Wire> clients;
    for (int i = 0; i < kKept; ++i) {
      clients.emplace_back(port);
      REQUIRE(clients.back().send(request));
    }
    expected += kKept;
    const bool opened = comes_true([&] { return established(server.port()) >= expected; });
    held.store(false);
    REQUIRE(opened);
    for (Wire& client : clients) CHECK(client.reply().status == 200);
  }
  CHECK(established(server.port()) >= 2 * kKept);

  // Both go on at once, one request after the other, over connections of which nearly all are idle.
  Wire pages(port);
  Wire calls(port);
  for (int i = 0; i < 50; ++i) {
    REQUIRE(pages.send(page));
    const WireReply shown = pages.reply();
    REQUIRE(shown.status == 200);
    CHECK(shown.body == "the page");
    CHECK(shown.header("x-user") == "alice");
    REQUIRE(calls.send(call));
    REQUIRE(calls.reply().status == 200);
  }
  CHECK(operations.seen().back().source == "127.0.0.1");

  // No token, and the headers of requests that are not for us.
  CHECK(ask(port, http_request("GET", "/private/page")).status == 401);
  CHECK(ask(port, http_request("GET", "/v1/session")).header("www-authenticate") == "Bearer realm=\"countersign\"");
  CHECK(ask(port, http_request("GET", "/private/page", good + "Range: bytes=0-2\r\nAccept-Encoding: gzip\r\n")).body ==
        "the");
  CHECK(
      ask(port, http_request("POST", "/private/page",
                             good + "Content-Type: multipart/form-data; boundary=x\r\nContent-Encoding: gzip\r\n", "x"))
          .status == 405);  // of nginx's static files: we let it pass
}
