// A check that never failed proves nothing. Each flaw that the order of an account's changes keeps out is planted,
// without touching the product, and must be noticed: by the pair of operations that it is about, stopped at every call,
// and by the histories of eight threads. Without it the same must pass.
#include <catch2/catch.hpp>

#include <iostream>

#include "tests/history/eight_threads.hpp"
#include "tests/history/two_servers.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

constexpr std::uint64_t kSeedsMax = 400;

using Moves = std::function<std::pair<Call, Call>(AccountStage&)>;

// At how many of the first call's calls the second, in between, is noticed.
std::size_t noticed_in_pair(Flaw flaw, Setting setting, const Moves& moves) {
  storage::MemoryMedium memory;
  TwoServers servers(memory, flaw);
  Scene scene = servers.stage().set(setting);
  const auto [a, b] = moves(servers.stage());
  scene.papers = servers.stage().papers();
  std::size_t noticed = 0;
  for (std::size_t n = 1;; ++n) {
    const Interleaved done = servers.interleave(scene, a, b, n);
    if (!done.came_between) return noticed;
    noticed += done.judged.verdict.faults.empty() ? 0 : 1;
  }
}

// The first seed whose history is no order of the model, or none up to `seeds_max`.
std::optional<std::uint64_t> noticed_in_histories(Flaw flaw, Setting setting, std::uint64_t seeds_max) {
  storage::MemoryMedium memory;
  EightThreads servers(memory, flaw);
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    if (!servers.run(setting, seed).verdict.faults.empty()) return seed;
  }
  return std::nullopt;
}

void check_noticed(const std::string& what, Flaw flaw, Setting setting, const Moves& moves) {
  const std::size_t points = noticed_in_pair(flaw, setting, moves);
  CHECK(points > 0);
  CHECK(noticed_in_pair(Flaw::none, setting, moves) == 0);
  const auto seed = noticed_in_histories(flaw, setting, kSeedsMax);
  REQUIRE(seed);
  CHECK_FALSE(noticed_in_histories(Flaw::none, setting, *seed));
  std::cout << "planted flaw in a " << what << ": " << points << " points of its pair, and seed " << *seed
            << " of the histories\n";
}

// The response for that purpose that nobody has handed in yet.
Call redeem(AccountStage& stage, auth::records::Purpose purpose) {
  int newest = kNone;
  for (const auto& [number, paper] : stage.papers().responses) {
    if (paper.purpose == purpose) newest = number;
  }
  return stage.redeeming(purpose, newest);
}

Call log_in_by_password(AccountStage& stage) {
  Call call = stage.numbered(Deed::log_in_by_password);
  call.password = 0;
  return call;
}

Call set_password(AccountStage& stage) {
  Call call = stage.numbered(Deed::set_password);
  call.next = 1;
  return call;
}

Call rotate_by_password(AccountStage& stage) {
  Call call = log_in_by_password(stage);
  call.deed = Deed::rotate_by_password;
  call.next = 1;
  return call;
}

Call with_key(AccountStage& stage, Deed deed, int who, int key) {
  Call call = stage.numbered(deed, who);
  call.key = key;
  return call;
}

Call use_newest_token(AccountStage& stage, Deed deed) {
  return stage.using_token(deed, stage.papers().tokens.rbegin()->first);
}

// A server that checks a session which another server's call ended in between; the first check has it verified.
std::size_t faults_of_check_after(Flaw flaw, const std::function<Call(AccountStage&)>& ending) {
  storage::MemoryMedium memory;
  AccountStage stage(memory);
  FlawedMedium flawed(stage.recorder(), flaw);
  const auto checking = stage.open(flawed, "checking");
  const auto other = stage.open(stage.recorder(), "other");
  Scene scene = stage.set(Setting::active);
  stage.restore(scene);
  flawed.forget();
  const auto check = [&] {
    const Call call = use_newest_token(stage, Deed::admit);
    stage.record(*checking, call);
  };
  check();
  check();
  const Call call = ending(stage);
  stage.record(*other, call);
  check();
  return stage.judge(scene.model, *other).verdict.faults.size();
}

}  // namespace

TEST_CASE("S45 planted: a check by records that another server has changed since is noticed") {
  const std::vector<std::function<Call(AccountStage&)>> endings = {
      [](AccountStage& stage) { return stage.numbered(Deed::revoke); },
      [](AccountStage& stage) { return use_newest_token(stage, Deed::end); },
      [](AccountStage& stage) { return with_key(stage, Deed::rotate, 0, 2); },
      [](AccountStage& stage) { return set_password(stage); },
  };
  for (const auto& ending : endings) {
    CHECK(faults_of_check_after(Flaw::lagging_mark, ending) > 0);
    CHECK(faults_of_check_after(Flaw::none, ending) == 0);
  }
}

TEST_CASE("S03 planted: a login by key that a revocation came before is noticed") {
  check_noticed("login by key", Flaw::s03, Setting::active, [](AccountStage& stage) {
    return std::pair(redeem(stage, auth::records::Purpose::login), stage.numbered(Deed::revoke));
  });
}

TEST_CASE("S15 planted: a migration that brings the old password back is noticed") {
  check_noticed("migration", Flaw::s15, Setting::legacy,
                [](AccountStage& stage) { return std::pair(log_in_by_password(stage), set_password(stage)); });
}

TEST_CASE("S26 planted: two registrations of one name or of one key are noticed") {
  check_noticed("registration", Flaw::s26, Setting::absent, [](AccountStage& stage) {
    return std::pair(with_key(stage, Deed::add, 0, 1), with_key(stage, Deed::add, 0, 2));
  });
  CHECK(noticed_in_pair(Flaw::s26, Setting::absent, [](AccountStage& stage) {
          return std::pair(with_key(stage, Deed::add, 0, 1), with_key(stage, Deed::add, 1, 1));
        }) > 0);
}

TEST_CASE("S35 planted: a login by password that a revocation came before is noticed") {
  check_noticed("login by password", Flaw::s35, Setting::active,
                [](AccountStage& stage) { return std::pair(log_in_by_password(stage), stage.numbered(Deed::revoke)); });
}

TEST_CASE("S42 planted: a refresh that brings an ended session back is noticed") {
  check_noticed("refresh", Flaw::s42, Setting::active, [](AccountStage& stage) {
    return std::pair(use_newest_token(stage, Deed::refresh), use_newest_token(stage, Deed::end));
  });
}

TEST_CASE("S45 planted: an admission by an account of the past is noticed") {
  check_noticed("session check", Flaw::s45, Setting::active, [](AccountStage& stage) {
    return std::pair(use_newest_token(stage, Deed::admit), with_key(stage, Deed::rotate, 0, 2));
  });
}

TEST_CASE("S52 planted: a change that forgets another is noticed") {
  check_noticed("change", Flaw::s52, Setting::active, [](AccountStage& stage) {
    return std::pair(with_key(stage, Deed::rotate, 0, 2), set_password(stage));
  });
  CHECK(noticed_in_pair(Flaw::s52, Setting::managed, [](AccountStage& stage) {
          return std::pair(rotate_by_password(stage), set_password(stage));
        }) > 0);
}
