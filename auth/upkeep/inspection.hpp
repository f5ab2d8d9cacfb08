// Whether every record of the store is there and whole: it is found by the name that it is listed under, its MAC holds,
// and an account's other records are those that the account record seals. A page at a time, or all at once.
//
// What does not hold is refused wherever it is read, so nobody waits for an inspection: it says early what somebody
// will be refused for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "auth/context.hpp"
#include "auth/upkeep/round.hpp"
#include "storage/base/progress.hpp"

namespace countersign::auth::upkeep {

struct Inspected {
  std::int64_t records = 0;
  std::int64_t damaged = 0;
  std::vector<std::string> faults;  // a line each, kFaultsMax at most
};

// One thread.
class Inspection {
 public:
  static constexpr std::size_t kFaultsMax = 1000;

  explicit Inspection(const Context& context) : context_(context) {}

  // The next `page` names. True where they were the last of the round: last() then speaks of it. Fails as the medium
  // does; record_unreadable of the medium itself is a fault like another, and ends the round.
  Result<bool> go_on(std::size_t page);
  // The whole store, and the medium's own structure. Fails as the medium does.
  Result<Inspected> run(const Progress& progress);
  // Of the last round that ended.
  const Inspected& last() const { return last_; }

 private:
  // storage_unavailable where it cannot be said.
  Status inspect(const std::string& name);
  Status judge(const std::string& name);
  // Whether it is there.
  Result<bool> judge_account(const std::string& id);
  Result<bool> judge_record(const std::string& name);
  void note(const std::string& what, const Error& fault);

  const Context& context_;
  Round round_{""};
  Inspected now_, last_;
};

}  // namespace countersign::auth::upkeep
