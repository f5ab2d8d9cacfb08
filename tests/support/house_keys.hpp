// What tests of revocation, rotation and deletion share: responses of those purposes, and revocation certificates.
#pragma once

#include <string>

#include "tests/support/house.hpp"

namespace countersign::test {

// A `revoke` response by that person, issued and answered now.
auth::proving::Response revoke_response(House& house, const Person& person, const std::string& reason = "key_retired",
                                        auth::records::Transport transport = auth::records::Transport::http);

// A second key for somebody, whatever it says of its own name. Made once a process.
const Person& next_key();

// A `rotate` response from one key to the other, signed by both.
auth::keys::RotationResponse rotate_response(House& house, const Person& person, const Person& next,
                                             auth::records::Transport transport = auth::records::Transport::http);

// The record users/<id>.rev as it lies on the medium, or "<absent>".
std::string revocation_of(House& house, const Person& person);
auth::records::AccountState state_of(House& house, const Person& person);
std::uint64_t epoch_of(House& house, const Person& person);

}  // namespace countersign::test
