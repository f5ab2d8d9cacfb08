// Rotating and retiring the secrets of a house.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "auth/upkeep/secret_upkeep.hpp"
#include "tests/support/house.hpp"

namespace countersign::test {

inline std::string only_id(House& house, auth::secrets::SecretFamily family) {
  REQUIRE(house.secrets().family(family).size() == 1);
  return house.secrets().family(family).front().id;
}

// Of the keys of a family, by id.
inline std::map<std::string, std::string> states(House& house, const std::string& family) {
  std::map<std::string, std::string> found;
  for (const auth::upkeep::SecretView& view : must(house.auth().roles().secret_upkeep.list({}))) {
    if (name_of(view.family) == family) found[view.id] = name_of(view.state);
  }
  return found;
}

inline auth::upkeep::SecretView view_of(House& house, const std::string& id) {
  for (const auth::upkeep::SecretView& view : must(house.auth().roles().secret_upkeep.list({}))) {
    if (view.id == id) return view;
  }
  throw std::runtime_error("no key " + id);
}

// Makes another key; afterwards it is in use, and all have taken it over.
inline std::string rotated(House& house, const std::string& family) {
  const std::string id = must(house.auth().roles().secret_upkeep.rotate(family, auth::upkeep::kTakeOver, by_hand())).id;
  house.clock.pass(2 * auth::upkeep::kTakeOver);
  must(house.restart());
  return id;
}

// What becomes of it, and where it must be refused, why.
inline std::string retire(House& house, const std::string& id, bool leaked = false) {
  return outcome(house.auth().roles().secret_upkeep.retire(id, leaked, by_hand(), {}));
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline std::string detail_of_retiring(House& house, const std::string& id) {
  const auto retired = house.auth().roles().secret_upkeep.retire(id, false, by_hand(), {});
  REQUIRE_FALSE(retired.has_value());
  CHECK(outcome(retired) == "secret_in_use");
  return retired.error().detail;
}

}  // namespace countersign::test
