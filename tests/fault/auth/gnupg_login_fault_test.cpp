// GnuPG's processes are killed while people log in: no login that was accepted is lost, and none opens twice.
#include <signal.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <random>
#include <thread>

#include "auth/openpgp/gnupg/gpgme_openpgp.hpp"
#include "tests/support/house.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// A house on GnuPG alone.
struct Scene {
  Scene() : house(settings(), nullptr) {
    house.add(alice());
    house.add(bob());
    house.add(carol());
  }

  HouseSettings settings() {
    HouseSettings out;
    out.policies.rate_limit = false;
    out.open_engine = [this](const Secret& key) -> Result<std::unique_ptr<openpgp::OpenPgp>> {
      openpgp::gnupg::GpgmeOptions options;
      options.worker_program = COUNTERSIGN_PROGRAM;
      options.workers = 2;
      auto opened = TRY(openpgp::gnupg::GpgmeOpenPgp::open(key, options));
      engine = opened.get();
      return std::unique_ptr<openpgp::OpenPgp>(std::move(opened));
    };
    return out;
  }

  openpgp::gnupg::GpgmeOpenPgp* engine = nullptr;  // the house's
  House house;
};

struct Tally {
  std::atomic<int> accepted{0};
  std::atomic<int> unavailable{0};
  std::atomic<int> opened_again{0};  // a challenge that was redeemed and then once more
  std::atomic<int> unexpected{0};    // anything but accepted, unavailable or denied as consumed
  std::mutex mutex;
  std::vector<Secret> tokens;
};

Result<proving::IssuedChallenge> issue(House& house, const Person& person) {
  proving::ChallengeRequest request;
  request.name.username = person.name();
  return house.auth().roles().issuing.issue(request, by_http());
}

// Until one login is accepted. What is told to be unavailable has changed nothing: the same response may come again.
void log_in_at_last(House& house, const Person& person, Tally& tally) {
  std::optional<proving::Response> response;
  while (!response) {
    const auto issued = issue(house, person);
    if (issued) {
      response = house.answer(person, *issued);
    } else if (public_face_of(issued.error().code) == Face::unavailable) {
      ++tally.unavailable;
    } else {
      ++tally.unexpected;
      return;
    }
  }
  while (true) {
    const auto opened = house.auth().roles().login.redeem(*response, by_http());
    if (opened) {
      ++tally.accepted;
      const std::lock_guard lock(tally.mutex);
      tally.tokens.push_back(opened->opened->token);
      break;
    }
    if (public_face_of(opened.error().code) != Face::unavailable) {
      ++tally.unexpected;
      return;
    }
    ++tally.unavailable;
  }
  const auto again = house.auth().roles().login.redeem(*response, by_http());
  if (again) ++tally.opened_again;
  const bool as_expected = !again && (again.error().code == ErrorCode::challenge_consumed ||
                                      again.error().code == ErrorCode::openpgp_unavailable);
  if (!as_expected) ++tally.unexpected;
}

void check_logins_under_fire(int logins) {
  constexpr int kThreads = 4;
  Scene scene;
  Tally tally;
  std::atomic<int> left{logins};
  std::atomic<bool> done{false};
  std::atomic<int> kills{0};
  std::thread killer([&] {
    std::mt19937 random(7);  // the pauses; when a worker is hit is up to the machine
    while (!done) {
      const std::vector<int> pids = scene.engine->worker_pids();
      if (!pids.empty() && ::kill(pids[random() % pids.size()], SIGKILL) == 0) ++kills;
      std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 300));
    }
  });
  std::vector<std::thread> people;
  for (int i = 0; i < kThreads; ++i) {
    people.emplace_back([&, i] {
      const Person* const everyone[] = {&alice(), &bob(), &carol()};
      while (left-- > 0) log_in_at_last(scene.house, *everyone[i % 3], tally);
    });
  }
  for (std::thread& person : people) person.join();
  done = true;
  killer.join();

  INFO(kills << " workers killed, " << tally.unavailable << " times unavailable");
  CHECK(kills > 0);
  CHECK(tally.unexpected == 0);
  CHECK(tally.opened_again == 0);
  CHECK(tally.accepted == logins);
  std::size_t sessions = 0;
  for (const Person* const person : {&alice(), &bob(), &carol()}) {
    sessions += must(scene.house.auth().roles().sessions.list(person->account(), 2000)).size();
  }
  CHECK(sessions == static_cast<std::size_t>(logins));
  for (const Secret& token : tally.tokens) CHECK(scene.house.auth().roles().sessions.admit(token, by_http()));
  CHECK(must(scene.house.auth().roles().audit.verify({})).faults.empty());
}

}  // namespace

TEST_CASE("killing GnuPG's processes during logins loses no accepted login and opens none twice") {
  check_logins_under_fire(40);
}

TEST_CASE("killing GnuPG's processes during 1000 logins loses no accepted login and opens none twice", "[.long]") {
  check_logins_under_fire(1000);
}
