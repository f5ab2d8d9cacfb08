// A loaded server is killed for real, again and again: what it had answered is there, and its record holds together.
#include <signal.h>

#include <poll.h>
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

constexpr int kThreads = 4;

struct Acknowledged {
  std::vector<std::string> opened;
  std::vector<std::string> ended;
};

std::string bearer(const std::string& token) {
  return "Authorization: Bearer " + token + "\r\n";
}

// Opens its sessions until the server is gone; ends every other one.
Acknowledged work(const RunningServer& server, const std::vector<std::string>& responses, std::atomic<int>& answered) {
  Acknowledged done;
  for (const std::string& response : responses) {
    const WireReply opened = server.post_text("/v1/session", response);
    const auto session = opened.status == 201 ? parse_json(opened.body) : Result<Json>(fail(ErrorCode::failed));
    if (!session) break;
    const std::string token = field(*session, "token");
    ++answered;
    if (done.opened.size() > done.ended.size()) {
      const int status = server.remove("/v1/session", bearer(token)).status;
      // Unanswered, it may have happened or not.
      if (status == 204) done.ended.push_back(token);
      if (status == 0) break;
    } else {
      done.opened.push_back(token);
    }
  }
  return done;
}

void kill_loaded_servers(const std::string& storage, int rounds) {
  const Installation installation(storage);
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  Acknowledged all;
  std::vector<std::string> responses;
  std::size_t killed_at_work = 0;
  for (int round = 0; round < rounds; ++round) {
    RunningServer server(installation, {"--rate-limit", "off"});
    // What was acknowledged before: the newest, since each restart is judged anew.
    for (std::size_t i = all.opened.size() > 8 ? all.opened.size() - 8 : 0; i < all.opened.size(); ++i) {
      REQUIRE(server.session_status(all.opened[i]) == 200);
    }
    for (std::size_t i = all.ended.size() > 8 ? all.ended.size() - 8 : 0; i < all.ended.size(); ++i) {
      REQUIRE(server.session_status(all.ended[i]) == 401);
    }
    // An answered response is spent, also in the next life.
    if (!responses.empty()) {
      const int again = server.post_text("/v1/session", responses.front()).status;
      REQUIRE(again == 401);
    }
    std::array<std::vector<std::string>, kThreads> shares;
    for (auto& share : shares) {
      for (int i = 0; i < 3; ++i) {
        share.push_back(alice.answer(server.post_form("/v1/challenge", "username=alice").body));
      }
    }
    std::array<Acknowledged, kThreads> done;
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] { done[i] = work(server, shares[i], answered); });
    }
    // In the midst of work, however slow the machine: something was answered, and not everything.
    while (answered < 1 + round % 4) poll(nullptr, 0, 1);
    server.stop(SIGKILL);
    for (auto& thread : threads) thread.join();
    responses.clear();
    for (std::size_t i = 0; i < kThreads; ++i) {
      if (done[i].opened.size() + done[i].ended.size() < shares[i].size()) ++killed_at_work;
      if (!done[i].opened.empty()) responses.push_back(shares[i].front());
      all.opened.insert(all.opened.end(), done[i].opened.begin(), done[i].opened.end());
      all.ended.insert(all.ended.end(), done[i].ended.begin(), done[i].ended.end());
    }
  }
  const RunningServer server(installation, {"--rate-limit", "off"});
  for (const std::string& token : all.opened) REQUIRE(server.session_status(token) == 200);
  for (const std::string& token : all.ended) REQUIRE(server.session_status(token) == 401);
  CHECK(field(installation.json({"audit", "verify"}), "intact") == "true");
  // Else it was never killed while it worked, and nothing was shown.
  CHECK(killed_at_work > 0);
  CHECK(all.opened.size() > 0);
  WARN(storage << ": killed " << rounds << " times, " << killed_at_work << " workers cut off, " << all.opened.size()
               << " logins and " << all.ended.size() << " ends acknowledged, none lost");
}

}  // namespace

TEST_CASE("a loaded server that is killed loses nothing that it acknowledged") {
  kill_loaded_servers(GENERATE("sqlite", "directory"), 5);
}

TEST_CASE("a loaded server killed two hundred times loses nothing that it acknowledged", "[.long]") {
  kill_loaded_servers(GENERATE("sqlite", "directory"), 200);
}
