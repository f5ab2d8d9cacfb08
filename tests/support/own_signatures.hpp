// What somebody would have signed of their own key, on the day before kNoon.
#pragma once

#include <string>

#include "tests/support/house.hpp"

namespace countersign::test {

// Both armored, and of a person with an Ed25519 key.
//
// The revocation certificate.
std::string own_revocation_of(const Person& person);
// A copy of the certificate that says more than the person's: the user id is certified once more.
std::string newer_certificate_of(const Person& person);

}  // namespace countersign::test
