// Two operations on one account at once, by two servers: one is stopped before each call that it makes to the store, and
// the other runs there, whole. What comes of it must be what one after the other would have made of it.
#include <catch2/catch.hpp>

#include <iostream>

#include "tests/support/account_stage.hpp"
#include "tests/support/faulty_medium.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

// What there is to do in a scene, each call with a number of its own.
std::vector<Call> moves(AccountStage& stage) {
  std::vector<Call> all;
  const auto add = [&](Deed deed, int who = 0, int key = kNone, int password = kNone, int next = kNone) {
    Call call = stage.numbered(deed, who);
    call.key = key;
    call.password = password;
    call.next = next;
    all.push_back(call);
  };
  add(Deed::issue);
  add(Deed::add, 0, 2, 1);
  add(Deed::add, 1, 2);
  add(Deed::log_in_by_password, 0, kNone, 0);
  add(Deed::change_password, 0, kNone, 0, 1);
  add(Deed::set_password, 0, kNone, kNone, 1);
  add(Deed::remove_password);
  add(Deed::rotate, 0, 2);
  add(Deed::revoke);
  add(Deed::revoke_by_certificate, 0, 0);
  add(Deed::restore);
  add(Deed::restore, 0, 2);
  add(Deed::delete_account);
  add(Deed::end_all);
  const Papers papers = stage.papers();
  for (const auto& [number, paper] : papers.responses) {
    all.push_back(stage.redeeming(paper.purpose, number));
    all.back().next = paper.purpose == Purpose::password ? 2 : kNone;
  }
  if (papers.tokens.empty()) return all;
  // The last session was refreshed: it has a token that was replaced, and the one that opens it.
  const int newest = papers.tokens.rbegin()->first;
  const int session = papers.tokens.at(newest).session;
  for (const Deed deed : {Deed::admit, Deed::refresh, Deed::end, Deed::end_one}) {
    all.push_back(stage.using_token(deed, newest));
  }
  all.push_back(stage.using_token(Deed::refresh, session));
  return all;
}

// Two servers over one store, of which the first can be stopped.
struct TwoServers {
  explicit TwoServers(storage::Medium& store)
      : stage(store),
        between(stage.recorder()),
        first(stage.open(between, "first")),
        second(stage.open(stage.recorder(), "second")) {}

  // False where the first call made fewer than n calls.
  bool interleave(const Scene& scene, const Call& a, const Call& b, std::size_t n) {
    stage.restore(scene);
    bool came = false;
    between.interfere(n, [&] {
      came = true;
      stage.record(*second, b);
    });
    stage.record(*first, a);
    between.interfere(0, nullptr);
    if (!came) return false;
    stage.look_around(*second);
    const auto events = stage.recorder().take();
    const Verdict verdict = judge_history(scene.model, events);
    if (!verdict.faults.empty() || verdict.unavailable > 0) {
      CAPTURE(n, to_text(events));
      CHECK(verdict.faults == Faults());
      CHECK(verdict.unavailable == 0);
    }
    return true;
  }

  AccountStage stage;
  FaultyMedium between;
  std::unique_ptr<Authenticator> first;
  std::unique_ptr<Authenticator> second;
};

bool is_refused(const Scene& scene, const Call& call) {
  Model model = scene.model;
  return !model.step(call).starts_with("ok");
}

struct Counted {
  std::size_t pairs = 0;
  std::size_t interleavings = 0;
};

Counted all_pairs(storage::Medium& store, Setting setting) {
  TwoServers servers(store);
  Scene scene = servers.stage.set(setting);
  const auto as_first = moves(servers.stage);
  const auto as_second = moves(servers.stage);
  scene.papers = servers.stage.papers();
  Counted counted;
  for (const Call& a : as_first) {
    for (const Call& b : as_second) {
      if (is_refused(scene, a) && is_refused(scene, b)) continue;  // nothing happens
      ++counted.pairs;
      for (std::size_t n = 1; servers.interleave(scene, a, b, n); ++n) ++counted.interleavings;
    }
  }
  return counted;
}

}  // namespace

TEST_CASE("any two operations at once end as if one had come first") {
  Counted sum;
  for (const Setting setting : kSettings) {
    storage::MemoryMedium memory;
    const Counted counted = all_pairs(memory, setting);
    std::cout << "pairs of operations, account " << name_of(setting) << ": " << counted.pairs << " pairs, "
              << counted.interleavings << " interleavings\n";
    sum.pairs += counted.pairs;
    sum.interleavings += counted.interleavings;
  }
  CHECK(sum.interleavings > 5'000);
}
