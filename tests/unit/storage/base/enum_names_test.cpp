#include "storage/base/enum_names.hpp"

#include <catch2/catch.hpp>
#include <utility>

namespace countersign {
namespace {

enum class Way { in = 1, out = 2, back = 3 };
constexpr EnumNames<Way::in, Way::back> kWays("in", "out", "back");

TEST_CASE("a value has its name and a name its value, and no other has any") {
  for (const auto& [value, name] :
       {std::pair{Way::in, "in"}, std::pair{Way::out, "out"}, std::pair{Way::back, "back"}}) {
    CHECK(kWays.of(value) == name);
    CHECK(kWays.find(name) == value);
  }
  for (const int value : {-1, 0, 4, 255}) CHECK(kWays.of(static_cast<Way>(value)).empty());
  for (const char* name : {"", "i", "In", "in ", "inn"}) CHECK_FALSE(kWays.find(name));
}

}  // namespace
}  // namespace countersign
