#include "transport/http/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <thread>

#include "tests/support/fake_operations.hpp"
#include "transport/http/http_server.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::http;

namespace {

// Answers each connection with the next of some bytes, whatever it is asked.
class RawServer {
 public:
  explicit RawServer(std::vector<std::string> answers, bool drip = false) : answers_(std::move(answers)), drip_(drip) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    listen(socket_, 8);
    socklen_t size = sizeof own;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&own), &size);
    url = "http://127.0.0.1:" + std::to_string(ntohs(own.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~RawServer() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  std::string url;
  std::string last_request;

 private:
  void serve() {
    for (const std::string& answer : answers_) {
      const int peer = accept(socket_, nullptr, nullptr);
      if (peer < 0) return;
      std::array<char, 4096> buffer{};
      const ssize_t count = recv(peer, buffer.data(), buffer.size(), 0);
      last_request.assign(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
      if (!drip_) {
        static_cast<void>(send(peer, answer.data(), answer.size(), MSG_NOSIGNAL));
      }
      while (drip_ && send(peer, "X", 1, MSG_NOSIGNAL) == 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      close(peer);
    }
  }
  std::vector<std::string> answers_;
  bool drip_;
  int socket_ = -1;
  std::thread thread_;
};

HttpClient client_of(const std::string& url) {
  auto client = HttpClient::open(url);
  REQUIRE(client.has_value());
  return *client;
}

std::string answer(const std::string& headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a client asks its server and hands back what it said") {
  FakeOperations operations;
  operations.answer = [](const Message& message) -> Result<Json> {
    if (message.operation == "session.open") return fail(ErrorCode::signature_invalid);
    return Json::object().set("challenge_message", "armor\n").set("asked", message.fields);
  };
  HttpServerSettings settings;
  settings.port = 0;
  HttpServer server(operations, settings);
  REQUIRE(server.start().has_value());
  HttpClient client = client_of("http://127.0.0.1:" + std::to_string(server.port()) + "/");
  const auto shown = client.get("/v1/server");
  REQUIRE(shown.has_value());
  CHECK(shown->status == 200);
  CHECK(shown->content_type == "application/json");
  const auto challenge = client.post("/v1/challenge", "application/json", R"({"username":"alice"})");
  REQUIRE(challenge.has_value());
  CHECK(challenge->content_type == "text/plain");
  CHECK(challenge->body == "armor\n");
  CHECK(write_json(operations.seen().back().fields) == R"({"username":"alice"})");
  const auto denied = client.post("/v1/session", "application/json", "{}");
  REQUIRE(denied.has_value());
  CHECK(denied->status == 401);
  CHECK(denied->content_type == "application/problem+json");
}

TEST_CASE("a URL names a scheme and a host and perhaps a port") {
  for (const char* url : {"http://127.0.0.1:8420", "https://auth.example.org", "https://auth.example.org/",
                          "http://[::1]:80", "https://[2001:db8::a]", "http://localhost:65535"}) {
    INFO(url);
    CHECK(HttpClient::open(url).has_value());
  }
  for (const char* url : {"",
                          "auth.example.org",
                          "ftp://a",
                          "http://",
                          "http:///",
                          "http://a:0",
                          "http://a:65536",
                          "http://a:",
                          "http://a:1x",
                          "http://user@a",
                          "http://a/b",
                          "http://a?b",
                          "http://a#b",
                          "http://[::1",
                          "http://[a]",
                          "http://[::1]x80",
                          "http://a\r\nX: y",
                          "http://a b",
                          "http://-a",
                          "HTTP://a"}) {
    INFO(url);
    const auto client = HttpClient::open(url);
    REQUIRE_FALSE(client.has_value());
    CHECK(client.error().code == ErrorCode::usage);
  }
}

TEST_CASE("S67 a redirect is handed back and not followed") {
  RawServer target({answer("", "stolen")});
  RawServer server({"HTTP/1.1 302 Found\r\nLocation: " + target.url + "/\r\nContent-Length: 0\r\n\r\n"});
  const auto reply = client_of(server.url).get("/v1/server");
  REQUIRE(reply.has_value());
  CHECK(reply->status == 302);
  CHECK(reply->body.empty());
  CHECK(target.last_request.empty());
}

TEST_CASE("S67 proxies of the environment are not asked") {
  RawServer proxy({answer("", "from the proxy")});
  RawServer server({answer("", "from the server")});
  setenv("http_proxy", proxy.url.c_str(), 1);
  setenv("HTTP_PROXY", proxy.url.c_str(), 1);
  const auto reply = client_of(server.url).get("/");
  unsetenv("http_proxy");
  unsetenv("HTTP_PROXY");
  REQUIRE(reply.has_value());
  CHECK(reply->body == "from the server");
}

TEST_CASE("S61 an answer that is too large is not taken") {
  RawServer server({answer("", std::string(kReplyBytesMax, 'x')), answer("", std::string(kReplyBytesMax + 1, 'x')),
                    "HTTP/1.1 200 OK\r\n\r\n" + std::string(kReplyBytesMax + 1, 'x')});
  HttpClient client = client_of(server.url);
  REQUIRE(client.get("/").has_value());
  for (int i = 0; i < 2; ++i) {
    const auto reply = client.get("/");
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == ErrorCode::network_failed);
    CHECK(reply.error().detail.find("256 KiB") != std::string::npos);
  }
}

TEST_CASE("S61 a server that drips its answer does not hold the client") {
  RawServer server({""}, true);
  HttpClient client = client_of(server.url);
  client.set_deadline(std::chrono::milliseconds(200));
  const auto reply = client.get("/");
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().code == ErrorCode::network_failed);
  CHECK(reply.error().detail.find("in time") != std::string::npos);
}

TEST_CASE("a compressed answer is not unpacked") {
  RawServer server({answer("Content-Encoding: gzip\r\n", "not gzip")});
  const auto reply = client_of(server.url).get("/");
  REQUIRE(reply.has_value());
  CHECK(reply->body == "not gzip");
  CHECK(server.last_request.find("Accept-Encoding") == std::string::npos);
}

TEST_CASE("nobody there and no TLS there are said in words") {
  std::string url;
  {
    RawServer gone({});
    url = gone.url;
  }
  const auto nobody = client_of(url).get("/");
  REQUIRE_FALSE(nobody.has_value());
  CHECK(nobody.error().code == ErrorCode::network_failed);
  CHECK(nobody.error().detail == url.substr(7) + ": cannot connect");
  RawServer plain({answer("", "x")});
  const auto no_tls = client_of("https" + plain.url.substr(4)).get("/");
  REQUIRE_FALSE(no_tls.has_value());
  CHECK(no_tls.error().detail.find("TLS") != std::string::npos);
}

TEST_CASE("a path is printable and begins with a slash") {
  HttpClient client = client_of("http://127.0.0.1:9");
  for (const char* path : {"", "v1", "/a b", "/a\r\nX: y", "/\x7f"}) {
    const auto reply = client.get(path);
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().code == ErrorCode::usage);
  }
}
