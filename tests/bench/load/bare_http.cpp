// The least that a server of cpp-httplib can do: a constant in answer to every GET. It says what HTTP alone costs.
//
//   countersign_bare_http PORT
#include <httplib.h>

#include <cstdlib>
#include <iostream>

namespace {

// As many bytes as GET /v1/session answers.
constexpr const char* kAnswer =
    R"({"session":"0123456789abcdef0123456789abcdef","account":)"
    R"("e75415087e234de261565f12da1eb59149a4ec0f67221c0da9dfff61a83c72c4","username":"load-1234-1764400000-0",)"
    R"("method":"openpgp","transport":"http","created_at":"2026-11-21T17:20:00Z",)"
    R"("idle_expires_at":"2026-11-22T05:20:00Z","expires_at":"2026-11-22T17:20:00Z"})";

}  // namespace

int main(int argc, char** argv) {
  const int port = argc == 2 ? std::atoi(argv[1]) : 0;
  if (port <= 0 || port > 65535) {
    std::cerr << "usage: countersign_bare_http PORT\n";
    return 2;
  }
  httplib::Server server;
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000);
  server.Get(".*", [](const httplib::Request&, httplib::Response& response) {
    response.set_header("Cache-Control", "no-store");
    response.set_content(kAnswer, "application/json");
  });
  return server.listen("127.0.0.1", port) ? 0 : 1;
}
