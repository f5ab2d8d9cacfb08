// How long a refusal takes, by whom it was asked for. What is promised is the same work, which passwords_test counts;
// this looks at the time of it, on a machine that may be doing other things.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>

#include "auth/accounts/account_id.hpp"
#include "tests/support/planted_password.hpp"

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::test;

namespace {

using Times = std::vector<double>;

double median(Times times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

TEST_CASE("S28 the time of a refusal does not tell who has a password here", "[.long]") {
  constexpr int kRounds = 60;
  HouseSettings settings;
  settings.policies.rate_limit = false;
  settings.policies.password.parameters = {32u << 10, 2, 4};
  House house(settings, nullptr);
  house.add(alice(), "right");
  house.add(bob());
  house.add(carol());
  plant(house, carol(), AccountPart::legacy_password, lthn("right"));
  const std::vector<std::string> names = {"alice", "bob", "carol", "nobody"};
  std::vector<Times> times(names.size());
  for (int round = 0; round < kRounds; ++round) {
    // In turn, so that whatever else the machine does falls on all of them.
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto begin = std::chrono::steady_clock::now();
      const auto refused = house.auth().log_in(AccountName{names[i], ""}, password_of("wrong"), by_http());
      const auto end = std::chrono::steady_clock::now();
      REQUIRE_FALSE(refused.has_value());
      times[i].push_back(std::chrono::duration<double, std::milli>(end - begin).count());
    }
  }
  const double known = median(times[0]);
  for (std::size_t i = 0; i < names.size(); ++i) {
    WARN(names[i] << ": median of " << kRounds << " refusals " << median(times[i]) << " ms");
    // A database read is a thousandth of it, a hash all of it.
    CHECK(median(times[i]) == Approx(known).epsilon(0.25));
  }
}
