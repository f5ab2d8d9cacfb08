// The power cut at every point of what the media write, and the planted faults that the same judge must find.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <iostream>
#include <random>

#include "tests/fault/storage/power_cut.hpp"

using namespace countersign;
using namespace countersign::test;
using storage::Batch;

namespace {

void print(MediumKind kind, const std::string& what, const Figures& figures) {
  std::cout << name_of(kind) << " medium: " << figures.cuts << " states after a power cut at " << figures.points
            << " points, " << figures.exhausted << " of them in every way there is, " << what << "\n";
}

Life life_of(CutStore& store, std::uint_fast32_t seed, std::size_t batches) {
  std::mt19937 random(seed);
  return store.live(store.fresh(), random_batches(random, {}, batches));
}

void cut_everywhere(MediumKind kind, std::uint_fast32_t scripts, std::size_t cuts_a_point) {
  const auto store = cut_store(kind);
  Figures figures;
  for (std::uint_fast32_t seed = 1; seed <= scripts; ++seed) {
    const Life life = life_of(*store, seed, 10);
    const auto fault = find_fault(*store, life, {cuts_a_point, seed * 1'000'000}, figures);
    if (fault) FAIL("script " << seed << ": " << *fault);
  }
  print(kind, "of " + std::to_string(scripts) + " random scripts", figures);
  CHECK(figures.points > scripts * 50);
}

// Lives that follow each other on one disk, each ended by a cut or by a kill, and cut at random points before that: so
// also while the store recovers from the cut before.
void cut_many_lives(MediumKind kind, std::uint_fast32_t seed, std::size_t enough) {
  constexpr std::size_t kLives = 8;
  constexpr std::size_t kCutsALife = 25;
  const auto store = cut_store(kind);
  std::mt19937 random(seed);
  std::size_t cuts = 0, cut_lives = 0, killed_lives = 0;
  while (cuts < enough) {
    Disk disk = store->fresh();
    Content content;
    std::vector<Content> left_open;
    for (std::size_t number = 0; number < kLives && cuts < enough; ++number) {
      Life life = store->live(disk, random_batches(random, content, 1 + random() % 6));
      life.left_open = left_open;
      const auto judge_cut = [&](std::size_t point) {
        const Disk last = disk_after(life, point);
        const std::uint_fast32_t cut_seed = random();
        RandomCut cut(last.now(), cut_seed);
        disk = last.after(cut);
        ++cuts;
        const Verdict verdict = store->judge(disk, life.allowed_after(point));
        if (!verdict.fault.empty()) FAIL(verdict.fault << ", seed " << seed << ", state " << cuts);
        content = verdict.found;
      };
      const auto point = [&] { return random() % (life.changes.size() + 1); };
      for (std::size_t i = 0; i < kCutsALife; ++i) judge_cut(point());
      const std::size_t end = point();
      if (random() % 3 == 0) {
        // A kill loses nothing. What began and had not returned is open until the next life has begun.
        ++killed_lives;
        disk = disk_after(life, end);
        left_open = life.allowed_after(end);
        const Verdict verdict = store->judge(disk, left_open);
        if (!verdict.fault.empty()) FAIL(verdict.fault << ", seed " << seed << ", killed");
        content = verdict.found;
      } else {
        ++cut_lives;
        left_open = {};
        judge_cut(end);
      }
    }
  }
  std::cout << name_of(kind) << " medium: " << cuts << " states after a power cut at a random point, seed " << seed
            << ", of lives of which " << cut_lives << " ended so and " << killed_lives << " were killed\n";
}

// Swallows one sync of a life after the other. Every one that `is_needed` must be missed. Prints how many were.
void swallow_each_sync(MediumKind kind, std::size_t batches, std::size_t cuts_a_point,
                       const std::function<bool(const Life&, std::size_t)>& is_needed) {
  const auto store = cut_store(kind);
  const Life life = life_of(*store, 3, batches);
  std::size_t syncs = 0, missed = 0, needed = 0;
  for (std::size_t sync = 0; sync < life.changes.size(); ++sync) {
    if (!is_sync(life.changes[sync])) continue;
    ++syncs;
    Figures figures;
    const auto only_this = [&](std::size_t change) { return change == sync; };
    const auto fault = find_fault(*store, life, {cuts_a_point, 1, sync, only_this}, figures);
    if (fault) ++missed;
    if (!is_needed(life, sync)) continue;
    ++needed;
    CAPTURE(name_of(kind), sync, life.changes[sync].path, life.changes.size());
    CHECK(fault.has_value());
  }
  CHECK(needed >= 3 * batches / 2);
  std::cout << name_of(kind) << " medium: " << missed << " of " << syncs << " syncs were missed when swallowed, "
            << needed << " of which had to be\n";
}

}  // namespace

TEST_CASE("S53 a power cut at any point leaves a directory medium in the old state or the new") {
  cut_everywhere(MediumKind::directory, 2, 20);
}

TEST_CASE("S53 a power cut at any point leaves a SQLite medium in the old state or the new") {
  cut_everywhere(MediumKind::sqlite, 2, 10);
}

TEST_CASE("a small commit to a folder survives a power cut in every way there is") {
  const auto store = cut_store(MediumKind::directory);
  std::vector<Batch> batches(2);
  batches[0].put("a", as_bytes("1"));
  batches[0].put("c/1", as_bytes("2"));
  const Life first = store->live(store->fresh(), {batches[0]});
  Disk before = disk_after(first, first.changes.size());
  before.sync_all();
  batches[1].put("b/1", as_bytes("3"));
  batches[1].erase("a");
  const Life life = store->live(before, {batches[1]});
  Figures figures;
  const auto fault = find_fault(*store, life, {5000, 0}, figures);
  if (fault) FAIL(*fault);
  CHECK(figures.exhausted == figures.points);
  print(MediumKind::directory, "of one small commit", figures);
}

TEST_CASE("what a killed process had not synced is not taken back once a store that shows it was opened") {
  for (const MediumKind kind : persistent_media()) {
    const auto store = cut_store(kind);
    const Life killed = life_of(*store, 2, 4);
    Figures figures;
    for (std::size_t point = 0; point <= killed.changes.size(); ++point) {
      Life next = store->live(disk_after(killed, point), {});
      next.left_open = killed.allowed_after(point);
      const auto fault = find_fault(*store, next, {4, point * 1'000'000}, figures);
      CAPTURE(name_of(kind), point, killed.changes.size());
      if (fault) FAIL(*fault);
    }
    print(kind, "of stores opened after a kill at any point", figures);
  }
}

TEST_CASE("power cuts and kills in the lives of a directory medium lose nothing acknowledged") {
  cut_many_lives(MediumKind::directory, 20261129, 2000);
}

TEST_CASE("power cuts and kills in the lives of a SQLite medium lose nothing acknowledged") {
  cut_many_lives(MediumKind::sqlite, 20261129, 600);
}

TEST_CASE("power cuts and kills in many more lives of a directory medium lose nothing acknowledged", "[.long]") {
  cut_many_lives(MediumKind::directory, 20261130, 30'000);
}

TEST_CASE("power cuts and kills in many more lives of a SQLite medium lose nothing acknowledged", "[.long]") {
  cut_many_lives(MediumKind::sqlite, 20261130, 20'000);
}

TEST_CASE("power cuts while a SQLite medium empties its full log lose nothing acknowledged", "[.long]") {
  // A thousand pages fill the log: the commit that does so empties it, and the next one begins it anew.
  const auto store = cut_store(MediumKind::sqlite);
  std::vector<Batch> batches(10);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const std::string value(i % 5 == 4 ? 100 : 1'000'000, static_cast<char>('a' + i));
    batches[i].put("name/" + std::to_string(i % 4), as_bytes(value));
  }
  const Life life = store->live(store->fresh(), batches);
  std::mt19937 random(20261129);
  constexpr std::size_t kCuts = 600;
  for (std::size_t i = 0; i < kCuts; ++i) {
    // Every other one about a sync.
    std::size_t point = random() % (life.changes.size() + 1);
    if (i % 2 == 0) {
      while (point < life.changes.size() && !is_sync(life.changes[point])) ++point;
      point = std::min(point + random() % 3, life.changes.size());
    }
    const Disk last = disk_after(life, point);
    RandomCut cut(last.now(), i);
    const Verdict verdict = store->judge(last.after(cut), life.allowed_after(point));
    if (!verdict.fault.empty()) FAIL(verdict.fault << ", after change " << point << ", seed " << i);
  }
  const auto emptied = std::count_if(life.changes.begin(), life.changes.end(), [](const DiskChange& change) {
    return change.kind == DiskChange::Kind::sync_file && change.path == "store.sqlite";
  });
  CHECK(emptied >= 3);  // twice while it is full, and on closing
  std::cout << "sqlite medium: " << kCuts << " states after a power cut at " << life.changes.size()
            << " points of a life that filled its log " << emptied - 1 << " times\n";
}

TEST_CASE("a disk that does not sync is found out") {
  for (const MediumKind kind : persistent_media()) {
    const auto store = cut_store(kind);
    const Life life = life_of(*store, 1, 4);
    Figures figures;
    CAPTURE(name_of(kind));
    CHECK_FALSE(find_fault(*store, life, {10, 1}, figures));
    const auto all = [](std::size_t) { return true; };
    CHECK(find_fault(*store, life, {10, 1, 0, all}, figures));
    const auto of_folders = [&](std::size_t change) {
      return life.changes[change].kind == DiskChange::Kind::sync_folder;
    };
    CHECK(find_fault(*store, life, {10, 1, 0, of_folders}, figures));
    const auto of_files = [&](std::size_t change) { return !of_folders(change); };
    CHECK(find_fault(*store, life, {10, 1, 0, of_files}, figures));
  }
}

TEST_CASE("one sync that a directory medium needs and does not get is missed") {
  swallow_each_sync(MediumKind::directory, 3, 60, [](const Life&, std::size_t) { return true; });
}

TEST_CASE("one sync that a SQLite medium needs and does not get is missed") {
  // The last one of every commit, and those of the database after the log was copied to it. The others order what
  // checksums order as well.
  swallow_each_sync(MediumKind::sqlite, 7, 10, [](const Life& life, std::size_t sync) {
    const bool ends_commit = std::count(life.returned.begin(), life.returned.end(), sync + 1) > 0;
    return ends_commit || life.changes[sync].path == "store.sqlite";
  });
}
