// A walk over the names under a prefix that never ends: a page at a time, and behind the last one from the beginning.
// What takes a share of each second walks so, however large the store is.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "auth/base/clock.hpp"
#include "storage/medium.hpp"

namespace countersign::auth::upkeep {

// One thread.
class Round {
 public:
  explicit Round(std::string prefix) : prefix_(std::move(prefix)) {}

  // The names that come next, at most `page`. As Medium::list().
  Result<std::vector<std::string>> names(storage::Medium& medium, std::size_t page) const {
    return medium.list(prefix_, after_, page);
  }
  // They were dealt with. True where they were the last: the next ones are the first again.
  bool pass(const std::vector<std::string>& names, std::size_t page) {
    const bool ends = names.size() < page;
    after_ = ends ? "" : names.back();
    return ends;
  }

 private:
  const std::string prefix_;
  std::string after_;
};

// Page after page, one at least, until so much time is over or `piece` says that the round has ended; whether it has.
// What a faster machine takes in, it also walks over faster.
template <class Piece>
Result<bool> go_on_for(std::chrono::milliseconds time, const Clock& clock, const Piece& piece) {
  const auto end = clock.monotonic() + time;
  do {
    if (TRY(piece())) return true;
  } while (clock.monotonic() < end);
  return false;
}

}  // namespace countersign::auth::upkeep
