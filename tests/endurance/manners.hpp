// Everything that one address does to a server in a flood.
#pragma once

#include <vector>

#include "tests/endurance/flood.hpp"
#include "tests/support/program.hpp"

namespace countersign::test {

// Adds the account of somebody who means harm, with a password, a session and a response that is spent.
std::vector<Manner> every_manner(const Installation& installation, const RunningServer& server);

}  // namespace countersign::test
