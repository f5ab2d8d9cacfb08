// Two servers over one store, of which the first can be stopped at each of its calls.
#pragma once

#include "tests/support/account_stage.hpp"
#include "tests/support/faulty_medium.hpp"
#include "tests/support/flawed_medium.hpp"

namespace countersign::test {

struct Interleaved {
  bool came_between = false;  // else the first call was over before
  AccountStage::Judged judged;
};

class TwoServers {
 public:
  TwoServers(storage::Medium& store, Flaw flaw)
      : stage_(store),
        flawed_(stage_.recorder(), flaw),
        between_(flawed_),
        first_(stage_.open(between_, "first")),
        second_(stage_.open(flawed_, "second")) {}

  AccountStage& stage() { return stage_; }

  // The first server does `a`; right before its n-th call to the store the second does `b`, whole.
  Interleaved interleave(const Scene& scene, const Call& a, const Call& b, std::size_t n) {
    stage_.restore(scene);
    flawed_.forget();
    Interleaved out;
    between_.interfere(n, [&] {
      out.came_between = true;
      stage_.record(*second_, b);
    });
    stage_.record(*first_, a);
    between_.interfere(0, nullptr);
    if (out.came_between) out.judged = stage_.judge(scene.model, *second_);
    return out;
  }

 private:
  AccountStage stage_;
  FlawedMedium flawed_;
  FaultyMedium between_;
  std::unique_ptr<auth::Authenticator> first_;
  std::unique_ptr<auth::Authenticator> second_;
};

}  // namespace countersign::test
