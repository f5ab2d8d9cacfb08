#include "transport/http/listener.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <vector>

#include "tests/support/http_wire.hpp"

using namespace countersign::test;
using countersign::transport::http::Accepted;
using countersign::transport::http::Listener;

namespace {

std::uint32_t system_backlog_max() {
  std::uint32_t most = 0;
  std::ifstream("/proc/sys/net/core/somaxconn") >> most;
  return most;
}

}  // namespace

TEST_CASE("S61 as many connections wait to be accepted as the system lets wait") {
  const auto listener = Listener::bind("127.0.0.1", 0);
  REQUIRE(listener);
  tcp_info info{};
  socklen_t size = sizeof info;
  REQUIRE(getsockopt(listener->socket(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
  REQUIRE(system_backlog_max() > 0);
  CHECK(info.tcpi_sacked == system_backlog_max());  // of a listening socket: the most that its backlog holds
}

TEST_CASE("S61 a crowd that waits to be accepted does not keep the next one from connecting") {
  auto listener = Listener::bind("127.0.0.1", 0);
  REQUIRE(listener);
  std::vector<Wire> crowd;
  const auto size = std::min<std::uint32_t>(system_backlog_max(), 600);
  for (std::uint32_t i = 0; i < size; ++i) {
    crowd.emplace_back(listener->port(), "127.0.0.5");
    REQUIRE(crowd.back().connected());
  }
  CHECK(Wire(listener->port(), "127.0.0.6").connected());
  CHECK(listener->accept().kind == Accepted::Kind::connection);
}
