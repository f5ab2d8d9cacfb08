// What a server outlives: a log that nobody reads, and settings that are read anew.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/support/program.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

// `countersign serve` that writes its log to a pipe which is full from the start.
class UnreadServer {
 public:
  explicit UnreadServer(const Installation& installation) {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    read_end_ = ends[0];
    REQUIRE(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    const std::string filling(4096, '\n');
    while (write(ends[1], filling.data(), filling.size()) > 0) continue;
    REQUIRE(fcntl(ends[1], F_SETFL, 0) == 0);
    const std::string data = installation.data().string();
    const std::string address = "127.0.0.1:" + std::to_string(port());
    child_ = fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      dup2(ends[1], STDERR_FILENO);
      execl(COUNTERSIGN_PROGRAM, COUNTERSIGN_PROGRAM, "serve", "--data", data.c_str(), "--listen", address.c_str(),
            nullptr);
      _exit(127);
    }
    close(ends[1]);
  }
  ~UnreadServer() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    close(read_end_);
  }
  UnreadServer(const UnreadServer&) = delete;
  UnreadServer& operator=(const UnreadServer&) = delete;

  std::uint16_t port() const { return port_.number(); }
  // True once it has ended by itself, with 0.
  bool stops() {
    kill(child_, SIGTERM);
    int status = 0;
    if (!comes_true([&] { return waitpid(child_, &status, WNOHANG) == child_; })) return false;
    child_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  // Until the text has come.
  bool log_has(const std::string& text) {
    std::array<char, 4096> buffer{};
    while (log_.find(text) == std::string::npos) {
      const ssize_t count = read(read_end_, buffer.data(), buffer.size());
      if (count <= 0) return false;
      log_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return true;
  }

 private:
  KeptPort port_;
  int read_end_ = -1;
  std::string log_;
  pid_t child_ = -1;
};

bool answers(std::uint16_t port) {
  return ask(port, http_request("GET", "/readyz")).status == 200;
}

}  // namespace

TEST_CASE("S61 a server whose log nobody reads answers and ends when it is told to") {
  const Installation installation;
  UnreadServer server(installation);
  REQUIRE(comes_true([&] { return answers(server.port()); }));
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    if (ask(server.port(), http_request("GET", "/nothing-" + std::to_string(i))).status == 404) ++refused;
  }
  CHECK(refused == 1000);
  CHECK(answers(server.port()));
  CHECK(server.stops());
}

TEST_CASE("a log that is read late has what was not written before") {
  const Installation installation;
  UnreadServer server(installation);
  REQUIRE(comes_true([&] { return answers(server.port()); }));
  CHECK(ask(server.port(), http_request("GET", "/nothing")).status == 404);
  CHECK(server.log_has(" serving "));
  CHECK(server.log_has("refused reason=\"no such call\" source=127.0.0.1"));
  CHECK(server.stops());
}

TEST_CASE("S61 strangers do not fill the log: what comes again is counted") {
  const Installation installation;
  RunningServer server(installation, {"--rate-limit", "off"});
  for (int i = 0; i < 500; ++i) server.get("/nothing");
  CHECK(server.stop(SIGTERM) == 0);
  const std::string log = server.log();
  INFO(log);
  const std::string line = " warning refused reason=\"no such call\" source=127.0.0.1";
  const auto first = log.find(line + "\n");
  REQUIRE(first != std::string::npos);
  CHECK(log.find(line + " count=499\n") != std::string::npos);
  CHECK(log.find(line + "\n", first + 1) == std::string::npos);
}

TEST_CASE("S61 an alarm is told of what is damaged and not again for each stranger who comes upon it") {
  const Installation installation("directory");
  GnupgUser alice("Alice");
  const std::string account = installation.add_account("alice", alice.certificate());
  RunningServer server(installation, {"--trusted-proxy", "127.0.0.1/32"});
  const std::string response = alice.answer(server.post_form("/v1/challenge", "username=alice").body);
  for (const auto& file : files_beneath(installation.data() / "store")) {
    if (file.filename().string() != account + ".account") continue;
    std::string bytes = read_file(file);
    bytes[bytes.find("alice")] = 'A';
    write_file(file, bytes);
  }
  for (int i = 0; i < 4; ++i) {
    const std::string from = "X-Forwarded-For: 192.0.2." + std::to_string(i) + "\r\n";
    CHECK(server.post("/v1/session", response, "Content-Type: text/plain\r\n" + from).status == 401);
    CHECK(server.post("/v1/challenge", "username=alice", "Content-Type: application/x-www-form-urlencoded\r\n" + from)
              .status == 200);
  }
  CHECK(server.stop(SIGTERM) == 0);
  const std::string log = server.log();
  INFO(log);
  const auto lines_with = [&](const std::string& text) {
    std::size_t found = 0;
    for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++found;
    return found;
  };
  CHECK(lines_with(" alarm refused code=record_") == 2);  // the first, and how many followed
  CHECK(lines_with(" alarm decoy issued code=record_") == 2);
  CHECK(lines_with(" count=3\n") == 2);
}

TEST_CASE("a server may have all the descriptors that the system allows") {
  const Installation installation;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit few{200, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  const RunningServer server(installation);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit raised{};
  REQUIRE(prlimit(server.pid(), RLIMIT_NOFILE, nullptr, &raised) == 0);
  CHECK(raised.rlim_cur == before.rlim_max);
}

TEST_CASE("a hangup has a server read its settings anew, and a bad file changes nothing") {
  const Installation installation;
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  RunningServer server(installation);
  const std::string challenge = server.post_form("/v1/challenge", "username=alice").body;
  const std::string token = field(json_of(server.post_text("/v1/session", alice.answer(challenge)).body), "token");
  const auto registration = [&] { return field(json_of(server.get("/v1/server").body), "registration"); };
  const auto says = [&](const std::string& text) {
    return comes_true([&] { return server.log().find(text) != std::string::npos; });
  };
  const std::filesystem::path file = installation.data() / "countersign.toml";
  const std::string original = read_file(file);
  REQUIRE(registration() == "closed");

  write_file(file, "registration = \"open\"\nmetrics_listen = \"127.0.0.1:0\"\n" + original);
  REQUIRE(kill(server.pid(), SIGHUP) == 0);
  CHECK(comes_true([&] { return registration() == "open"; }));
  CHECK(says(" info settings taken over"));
  CHECK(says("settings=metrics_listen"));
  CHECK(server.session_status(token) == 200);

  write_file(file, "colour = \"red\"\n" + original);
  REQUIRE(kill(server.pid(), SIGHUP) == 0);
  CHECK(says("colour: there is no such setting"));
  CHECK(registration() == "open");
  write_file(file, "fingerprint = \"" + std::string(40, 'A') + "\"\n" +
                       original.substr(0, original.find("fingerprint")) + "# " +
                       original.substr(original.find("fingerprint")));
  REQUIRE(kill(server.pid(), SIGHUP) == 0);
  CHECK(says("the settings say " + std::string(40, 'A')));
  CHECK(registration() == "open");
  CHECK(server.session_status(token) == 200);
  CHECK(server.stop(SIGTERM) == 0);
}

TEST_CASE("a hangup changes whom a server believes about sources, which pages there are and how many it lets in") {
  const Installation installation;
  RunningServer server(installation);
  const std::filesystem::path file = installation.data() / "countersign.toml";
  const std::string original = read_file(file);
  const std::string bad = "Authorization: Bearer " + std::string(43, 'A') + "\r\n";
  const auto ask_as = [&](const std::string& source) {
    CHECK(server.get("/v1/session", bad + "X-Forwarded-For: " + source + "\r\n").status == 401);
    return comes_true([&] { return server.log().find("refused code=") != std::string::npos; });
  };
  const auto take_over = [&](const std::string& settings) {
    const std::size_t before = server.log().size();
    write_file(file, settings + original);
    REQUIRE(kill(server.pid(), SIGHUP) == 0);
    REQUIRE(comes_true([&] { return server.log().find("settings taken over", before) != std::string::npos; }));
    CHECK(server.log().find("settings wait for a start") == std::string::npos);
  };
  CHECK(server.get("/login").status == 404);
  REQUIRE(ask_as("192.0.2.71"));
  CHECK(server.log().find("source=192.0.2.71") == std::string::npos);
  Wire kept(server.port());
  kept.send(http_request("GET", "/healthz"));
  CHECK(kept.reply().status == 200);

  take_over("trusted_proxies = [\"127.0.0.1/32\"]\npages = \"on\"\nconnections_max = 16\n");
  CHECK(server.get("/login").status == 200);
  CHECK(server.get("/v1/session", bad + "X-Forwarded-For: 192.0.2.72\r\n").status == 401);
  CHECK(comes_true([&] { return server.log().find("source=192.0.2.72") != std::string::npos; }));
  // A connection from before goes on, under what holds now.
  kept.send(http_request("GET", "/login"));
  CHECK(kept.reply().status == 200);

  take_over("trusted_proxies = [\"127.0.0.1/32\"]\nforwarded_header = \"forwarded\"\n");
  CHECK(server.get("/login").status == 404);
  CHECK(server.get("/v1/session", bad + "Forwarded: for=192.0.2.73\r\nX-Forwarded-For: 192.0.2.74\r\n").status == 401);
  CHECK(comes_true([&] { return server.log().find("source=192.0.2.73") != std::string::npos; }));
  CHECK(server.log().find("source=192.0.2.74") == std::string::npos);
  CHECK(server.stop(SIGTERM) == 0);
}
