// Two operations on one account at once, by two servers: one is stopped before each call that it makes to the store,
// and the other runs there, whole. What comes of it must be what one after the other would have made of it.
#include <catch2/catch.hpp>

#include <iostream>

#include "tests/history/two_servers.hpp"

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
  add(Deed::add_managed, 0, kNone, 1);
  add(Deed::import, 0, 3, 0);
  add(Deed::import, 1, 2, 0);
  add(Deed::log_in_by_password, 0, kNone, 0);
  add(Deed::change_password, 0, kNone, 0, 1);
  add(Deed::set_password, 0, kNone, kNone, 1);
  add(Deed::remove_password);
  add(Deed::rotate, 0, 2);
  add(Deed::rotate_by_password, 0, kNone, 0, 1);
  add(Deed::rotate_managed, 0, kNone, kNone, 1);
  add(Deed::hand_out_key, 0, kNone, 0);
  add(Deed::revoke);
  add(Deed::revoke_by_certificate, 0, 0);
  add(Deed::revoke_by_password, 0, kNone, 0);
  add(Deed::restore);
  add(Deed::restore, 0, 2);
  add(Deed::delete_account);
  add(Deed::end_all);
  const Papers papers = stage.papers();
  for (const auto& [number, paper] : papers.responses) {
    all.push_back(stage.redeeming(paper.purpose, number));
    all.back().next = paper.purpose == records::Purpose::password ? 2 : kNone;
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

// What cannot change anything in a scene is nothing to come between.
bool changes(const Scene& scene, const Call& call) {
  Model model = scene.model;
  static_cast<void>(model.step(call));
  return model != scene.model;
}

bool is_of_made_keys(const Call& call) {
  return is_among(call.deed, {Deed::rotate_by_password, Deed::rotate_managed, Deed::hand_out_key});
}

struct Counted {
  std::size_t pairs = 0;
  std::size_t interleavings = 0;
};

using Which = std::function<bool(const Call&)>;

bool any(const Call&) {
  return true;
}

bool is_of_sessions(const Call& call) {
  return is_among(call.deed, {Deed::log_in, Deed::log_in_by_password, Deed::admit, Deed::refresh, Deed::end,
                              Deed::end_one, Deed::end_all});
}

// Those whose first operation is one of `which`.
Counted all_pairs(storage::Medium& store, Setting setting, const Which& which) {
  TwoServers servers(store, Flaw::none);
  Scene scene = servers.stage().set(setting);
  const auto as_first = moves(servers.stage());
  const auto as_second = moves(servers.stage());
  scene.papers = servers.stage().papers();
  Counted counted;
  for (const Call& a : as_first) {
    for (const Call& b : as_second) {
      if (!which(a) || !changes(scene, b)) continue;
      // But for who asks for it, a legacy hash is like any other.
      if (setting == Setting::legacy && !proves_by_password(a.deed) && !proves_by_password(b.deed)) continue;
      // And but for those who ask for the key that was made, a managed account.
      if (setting == Setting::managed && !is_of_made_keys(a) && !is_of_made_keys(b)) continue;
      ++counted.pairs;
      for (std::size_t n = 1;; ++n) {
        const Interleaved done = servers.interleave(scene, a, b, n);
        if (!done.came_between) break;
        ++counted.interleavings;
        if (done.judged.verdict.faults.empty() && done.judged.verdict.unavailable == 0) continue;
        CAPTURE(n, done.judged.history);
        CHECK(done.judged.verdict.faults == Faults());
        CHECK(done.judged.verdict.unavailable == 0);
      }
    }
  }
  return counted;
}

void check_pairs(MediumKind kind, Setting setting, std::size_t interleavings_min, const Which& which = any) {
  Store store(kind);
  const Counted counted = all_pairs(store.medium(), setting, which);
  std::cout << "pairs of operations on a name that is " << name_of(setting) << " over " << name_of(kind) << ": "
            << counted.pairs << " pairs, " << counted.interleavings << " interleavings\n";
  CHECK(counted.interleavings >= interleavings_min);
}

}  // namespace

TEST_CASE("whatever comes between a login or a session's use and its end, it is as if one had come first") {
  check_pairs(MediumKind::memory, Setting::active, 1'000, is_of_sessions);
}
TEST_CASE("whatever comes between a change of an account and its end, it is as if one had come first") {
  check_pairs(MediumKind::memory, Setting::active, 2'000, [](const Call& call) { return !is_of_sessions(call); });
}
TEST_CASE("any two operations at once on a managed account end as if one had come first") {
  check_pairs(MediumKind::memory, Setting::managed, 1'000);
}
TEST_CASE("any two operations at once on an account with a legacy hash end as if one had come first") {
  check_pairs(MediumKind::memory, Setting::legacy, 600);
}
TEST_CASE("any two operations at once on a revoked account end as if one had come first") {
  check_pairs(MediumKind::memory, Setting::revoked, 600);
}
TEST_CASE("any two operations at once on a deleted account end as if one had come first") {
  check_pairs(MediumKind::memory, Setting::deleted, 400);
}
TEST_CASE("any two operations at once on a name that is free end as if one had come first") {
  check_pairs(MediumKind::memory, Setting::absent, 600);
}
TEST_CASE("any two operations at once over SQLite end as if one had come first", "[.long]") {
  for (const Setting setting : kSettings) check_pairs(MediumKind::sqlite, setting, 190);
}
