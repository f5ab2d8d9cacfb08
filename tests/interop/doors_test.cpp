// The doors, as a stranger finds them: HTTP, the client, the log, the terminal and the stick.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

struct World {
  explicit World(const std::vector<std::string>& flags = {})
      : account(installation.add_account("alice", alice.certificate())), server(installation, flags) {}

  std::string log_in(std::string_view headers = {}) {
    const std::string challenge = server.post_form("/v1/challenge", "username=alice").body;
    const WireReply opened = server.post("/v1/session", alice.answer(challenge), headers);
    REQUIRE(opened.status == 201);
    return field(json_of(opened.body), "token");
  }

  Installation installation;
  GnupgUser alice{"Alice"};
  std::string account;
  RunningServer server;
};

std::string bearer(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool is_printable_line(const std::string& line) {
  return std::all_of(line.begin(), line.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

// A server of ours that answers every request with the same bytes and counts them.
class CannedServer {
 public:
  explicit CannedServer(std::string answer) : answer_(std::move(answer)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(socket_, 16) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      throw std::runtime_error("no socket");
    }
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~CannedServer() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int asked() const { return asked_; }

 private:
  void run() {
    while (true) {
      const int peer = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) return;
      ++asked_;
      char buffer[65536];
      if (recv(peer, buffer, sizeof buffer, 0) > 0) send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      shutdown(peer, SHUT_WR);
      while (recv(peer, buffer, sizeof buffer, 0) > 0) {
      }
      close(peer);
    }
  }

  std::string answer_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> asked_{0};
  std::thread thread_;
};

}  // namespace

TEST_CASE("S62 a token in a URL or a cookie or a body opens nothing") {
  World world;
  const std::string token = world.log_in();
  CHECK(world.server.get("/v1/session?token=" + token).status != 200);
  CHECK(world.server.get("/v1/session?access_token=" + token).status != 200);
  CHECK(world.server.get("/v1/session/" + token).status == 404);
  CHECK(world.server.get("/v1/session", "Cookie: token=" + token + "\r\n").status == 401);
  CHECK(world.server.get("/v1/session", "Authorization: " + token + "\r\n").status == 401);
  CHECK(world.server.get("/v1/session", "Authorization: Basic " + token + "\r\n").status == 401);
  CHECK(world.server.get("/v1/session", bearer(token)).status == 200);
  // Nothing sets a cookie, so there is none to forge.
  CHECK(world.server.get("/v1/session", bearer(token)).header("set-cookie").empty());
}

TEST_CASE("S63 no answer may be stored by a cache") {
  World world;
  const std::string token = world.log_in();
  const std::vector<WireReply> replies = {
      world.server.get("/healthz"),
      world.server.get("/readyz"),
      world.server.get("/v1/server"),
      world.server.post_form("/v1/challenge", "username=alice"),
      world.server.post_form("/v1/challenge", "nonsense"),
      world.server.post_text("/v1/session", "nonsense"),
      world.server.get("/v1/session", bearer(token)),
      world.server.get("/v1/session"),
      world.server.get("/v1/authz", bearer(token)),
      world.server.get("/v1/authz"),
      world.server.get("/v1/sessions", bearer(token)),
      world.server.get("/nothing"),
      world.server.remove("/v1/server"),
      ask(world.server.port(), "nonsense\r\n\r\n"),
      world.server.post("/v1/session/refresh", "", bearer(token)),
  };
  for (const WireReply& reply : replies) {
    INFO(reply.head);
    CHECK(reply.status != 0);
    CHECK(reply.header("cache-control") == "no-store");
  }
}

TEST_CASE("S64 a link or a pipe or a giant in the inbox is left alone") {
  const Installation installation;
  const ScratchFolder stick;
  const fs::path inbox = stick.path() / "inbox";
  fs::create_directories(inbox);
  const fs::path outside = installation.folder() / "outside";
  write_file(outside, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n-----END PGP PUBLIC KEY BLOCK-----\n");
  fs::create_symlink(outside, inbox / "link.response.asc");
  fs::create_hard_link(outside, inbox / "hard.enrol.asc");
  REQUIRE(mkfifo((inbox / "pipe.response.asc").c_str(), 0600) == 0);
  fs::create_directory(inbox / "folder.response.asc");
  write_file(inbox / "giant.response.asc", "");
  fs::resize_file(inbox / "giant.response.asc", std::uintmax_t{100} << 30);
  const ProgramRun done = installation.run({"courier", "import", stick.path().string()});
  INFO(done.output << done.error);
  CHECK(done.exit_code != 0);
  CHECK(fs::is_symlink(inbox / "link.response.asc"));
  CHECK(read_file(outside).size() == 72);
  CHECK(!fs::exists(stick.path() / "outbox" / "link.session.asc"));
}

TEST_CASE("S66 no request forges a line of the log") {
  World world({"--trusted-proxy", "127.0.0.1/32"});
  const std::string forged = "2026-11-21T00:00:00Z info forged";
  const auto text = [&](const std::string& with) { return "alice" + with + forged; };
  // Each from a source of its own, so that none is counted instead of written.
  int sources = 0;
  const auto post = [&](std::string_view path, const std::string& body, const std::string& type = "application/json") {
    world.server.post(path, body,
                      "Content-Type: " + type + "\r\nX-Forwarded-For: 192.0.2." + std::to_string(++sources) + "\r\n");
  };
  for (const std::string& with :
       std::vector<std::string>{"\\n", "\\r\\n", "\\u2028", "\\u0085", "\\u001b[2K\\r", "\\u202e"}) {
    post("/v1/challenge", R"({"username":")" + text(with) + "\"}");
    post("/v1/challenge", R"({")" + text(with) + R"(":"x"})");
    post("/v1/session", R"({"challenge":")" + text(with) + R"(","signature":"x"})");
  }
  post("/v1/challenge", "username=alice%0A" + forged, "application/x-www-form-urlencoded");
  world.server.get("/" + forged);
  world.server.get("/v1/session", "Authorization: Bearer x\x1b[2K" + forged + "\r\n");
  world.server.get("/v1/session", "X-Forwarded-For: " + forged + "\r\n");
  ask(world.server.port(), forged + "\n" + forged + "\r\n\r\n");
  world.server.stop(SIGTERM);
  const auto lines = lines_of(world.server.log());
  REQUIRE(lines.size() >= 20);
  for (const std::string& line : lines) {
    INFO(line);
    CHECK(is_printable_line(line));
    CHECK(!line.starts_with(forged));
    CHECK(line.find("\u2028") == std::string::npos);
    CHECK(line.find("\u202e") == std::string::npos);
    CHECK(line.find("\u0085") == std::string::npos);
  }
}

TEST_CASE("S67 the client follows no redirect") {
  World world;
  CannedServer target("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  const int status = GENERATE(301, 302, 307, 308);
  CannedServer redirecting("HTTP/1.1 " + std::to_string(status) + " Elsewhere\r\nLocation: " + target.url() +
                           "/v1/challenge\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  const ProgramRun done = world.installation.run({"login", redirecting.url(), "--user", "alice", "--server",
                                                  kServerName, "--server-key", world.installation.fingerprint()},
                                                 {}, &world.alice.home);
  INFO(done.error);
  CHECK(done.exit_code == 7);
  CHECK(done.output.empty());
  CHECK(redirecting.asked() == 1);
  CHECK(target.asked() == 0);
}

TEST_CASE("what a server answers is the exit code of the login") {
  World world;
  const auto [status, exit_code] = GENERATE(table<int, int>(
      {{400, 2}, {401, 4}, {404, 2}, {409, 5}, {413, 2}, {429, 6}, {500, 7}, {503, 7}, {200, 7}, {204, 7}}));
  CannedServer server("HTTP/1.1 " + std::to_string(status) +
                      " Whatever\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n"
                      "Retry-After: 1\r\nConnection: close\r\n\r\n{}");
  const ProgramRun done = world.installation.run({"login", server.url(), "--user", "alice", "--server", kServerName,
                                                  "--server-key", world.installation.fingerprint()},
                                                 {}, &world.alice.home);
  INFO(status << done.error);
  CHECK(done.exit_code == exit_code);
  CHECK(done.output.empty());
}

TEST_CASE("S32 a source that asks too often is told to slow down and others are not") {
  const bool limited = GENERATE(true, false);
  // Behind a proxy, so that there is more than one source.
  std::vector<std::string> flags = {"--trusted-proxy", "127.0.0.1"};
  if (!limited) flags.insert(flags.end(), {"--rate-limit", "off"});
  World world(flags);
  const std::string body = R"({"challenge":"AAAA","signature":"x"})";
  const auto request = [&](const std::string& source) {
    return http_request("POST", "/v1/session", "Content-Type: application/json\r\nX-Forwarded-For: " + source + "\r\n",
                        body);
  };
  std::atomic<int> not_told_when{0};
  std::array<std::map<int, int>, 16> statuses;
  std::vector<std::thread> threads;
  for (auto& mine : statuses) {
    threads.emplace_back([&] {
      Wire wire(world.server.port());
      for (int i = 0; i < 100; ++i) {
        if (!wire.send(request("203.0.113.7"))) return;
        const WireReply reply = wire.reply();
        ++mine[reply.status];
        if (reply.status == 429 && reply.header("retry-after").empty()) ++not_told_when;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::map<int, int> all;
  for (const auto& mine : statuses) {
    for (const auto& [status, count] : mine) all[status] += count;
  }
  CHECK(all[401] + all[429] == 1600);
  if (limited) {
    CHECK(all[401] >= 1200);
    CHECK(all[429] > 0);
    CHECK(not_told_when == 0);
  } else {
    CHECK(all[429] == 0);
  }
  CHECK(ask(world.server.port(), request("203.0.113.8")).status == 401);
}

TEST_CASE("S67 a proxy of the environment is not asked") {
  World world;
  CannedServer proxy("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  auto environment = world.installation.environment(&world.alice.home);
  for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"}) {
    environment.push_back(std::string(name) + "=" + proxy.url());
  }
  const ProgramRun done = run_program({COUNTERSIGN_PROGRAM, "login", world.server.url(), "--user", "alice", "--server",
                                       kServerName, "--server-key", world.installation.fingerprint()},
                                      {}, environment);
  INFO(done.error);
  CHECK(done.exit_code == 0);
  CHECK(proxy.asked() == 0);
}

TEST_CASE("S01 a server that passes on another's challenge gets nothing signed") {
  World world;
  // The relay at its own address, known to the user by its own name and key.
  const Installation relay("sqlite", "https://relay.example.org");
  const std::string challenge = world.server.post_form("/v1/challenge", "username=alice").body;
  CannedServer at("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " +
                  std::to_string(challenge.size()) + "\r\n\r\n" + challenge);
  world.installation.must({"server", "trust", kServerName, world.installation.fingerprint()});
  world.installation.must({"server", "trust", relay.server(), relay.fingerprint(), "--url", at.url()});
  const ProgramRun done = world.installation.run({"login", at.url(), "--user", "alice"}, {}, &world.alice.home);
  INFO(done.error);
  CHECK(done.exit_code == 1);
  CHECK(unwrapped(done.error).find("https://relay.example.org was meant") != std::string::npos);
  CHECK(at.asked() == 1);
  CHECK(world.installation.sessions_of("alice") == 0);
}

TEST_CASE("S69 nothing that administrates can be reached over HTTP") {
  World world;
  const std::string token = world.log_in();
  const std::string before = world.installation.dump();
  for (const std::string& path : std::vector<std::string>{
           "/v1/accounts", "/v1/accounts/alice", "/v1/audit", "/v1/account", "/v1/account.add", "/v1/account.list",
           "/v1/clock", "/v1/clock.accept", "/admin", "/metrics", "/v1/secrets", "/v1/backup"}) {
    INFO(path);
    CHECK(world.server.get(path, bearer(token)).status >= 404);
    CHECK(world.server.remove(path, bearer(token)).status >= 404);
    CHECK(world.server.post(path, "{}", bearer(token)).status >= 400);
  }
  // An administrator's addition, sent to the door of enrolments.
  CHECK(world.server
            .post_json("/v1/accounts",
                       Json::object().set("username", "mallory").set("public_key", world.alice.certificate()))
            .status == 400);
  CHECK(world.installation.dump() == before);
}

TEST_CASE("S70 an address that a request claims counts from a configured proxy alone") {
  const bool trusted = GENERATE(false, true);
  World world(trusted ? std::vector<std::string>{"--trusted-proxy", "127.0.0.0/8"} : std::vector<std::string>{});
  world.log_in(
      "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=198.51.100.1\r\nX-Real-IP: 198.51.100.2\r\n"
      "REMOTE_ADDR: 198.51.100.3\r\n");
  const Json audit = world.installation.json({"audit", "list"});
  std::string source;
  for (const Json& record : *audit.find("records")->items()) {
    if (field(record, "decision") == "login_accepted") source = field(record, "source");
  }
  CHECK(source == (trusted ? "203.0.113.7" : "127.0.0.1"));
}

TEST_CASE("S71 health tells strangers no version and no path") {
  World world;
  for (const std::string path : {"/healthz", "/readyz"}) {
    const WireReply reply = world.server.get(path, "X-Forwarded-For: 203.0.113.7\r\n");
    INFO(reply.head << reply.body);
    CHECK(reply.status == 200);
    CHECK(reply.body == R"({"status":"ok"})");
    CHECK(reply.header("server").empty());
    CHECK(reply.header("x-powered-by").empty());
  }
  const std::vector<WireReply> replies = {world.server.get("/nothing"), world.server.post_text("/v1/session", "x"),
                                          world.server.get("/v1/session")};
  for (const WireReply& reply : replies) {
    CHECK(reply.head.find(COUNTERSIGN_VERSION) == std::string::npos);
    CHECK((reply.head + reply.body).find("/tmp") == std::string::npos);
    CHECK((reply.head + reply.body).find("httplib") == std::string::npos);
  }
}

TEST_CASE("S73 a hostile user id does not reach the administrator's terminal as it is") {
  const Installation installation;
  GnupgUser person("Innocent");
  const std::string hostile = "evil\x1b]0;owned\x07\x1b[2J \u202egnp.exe <e@example.org>";
  person.home.must({"--quick-add-uid", person.key, hostile});
  const ScratchFolder stick;
  fs::create_directories(stick.path() / "inbox");
  write_file(stick.path() / "inbox" / "a.enrol.asc", person.certificate());
  write_file(stick.path() / "inbox" / "\x1b[31mred\u202e", "x");
  std::string shown;
  const auto run = [&](const std::vector<std::string>& arguments) {
    const ProgramRun done = installation.run(arguments);
    shown += done.output + done.error;
    return done;
  };
  CHECK(run({"courier", "import", stick.path().string()}).exit_code == 0);
  CHECK(run({"account", "list"}).exit_code == 0);
  CHECK(run({"account", "list", "--json"}).exit_code == 0);
  CHECK(run({"account", "show", "\x1b[2Jalice\u202e"}).exit_code != 0);
  CHECK(run({"audit", "list"}).exit_code == 0);
  CHECK(shown.find("evil") != std::string::npos);
  CHECK(shown.find("red") != std::string::npos);
  for (const std::string bad : {"\x1b", "\x07", "\u202e"}) CHECK(shown.find(bad) == std::string::npos);
}
