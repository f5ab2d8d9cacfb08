// The revocation certificate that somebody would have made of their own key, on the day before kNoon.
#pragma once

#include <string>

#include "tests/support/house.hpp"

namespace countersign::test {

// Armored; of a person with an Ed25519 key.
std::string own_revocation_of(const Person& person);

}  // namespace countersign::test
