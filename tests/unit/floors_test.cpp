// The floors of the house: which room may include which. Each rule is a function from files to breaches, and is also
// run on planted breaches, since a rule that cannot fail holds nothing.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <set>

#include "tests/support/source_tree.hpp"

using namespace countersign::test;

namespace {

// The floors of a layer, lowest first: a room may include those before it in its list, never those behind. A folder is
// a room, and so is a file that stands directly in a layer, with its header.
const std::vector<std::vector<std::string>> kFloors = {
    {"auth/base",
     "auth/secrets",
     "auth/openpgp/gate",
     "auth/openpgp",
     "auth/openpgp/rnp",
     "auth/openpgp/gnupg",
     "auth/passwords",
     "auth/throttle",
     "auth/records",
     "auth/client",
     "auth/policies",
     "auth/timekeeper",
     "auth/context",
     "auth/proving",
     "auth/sessions",
     "auth/keys",
     "auth/accounts",
     "auth/invites",
     "auth/upkeep",
     "auth/authenticator_settings",
     "auth/roles",
     "auth/authenticator",
     "auth/authenticator_upkeep"},
    {"transport/operations", "transport/pages", "transport/http", "transport/metrics", "transport/courier",
     "transport/wormhole"},
};

std::string room_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return std::string(path);
  const bool directly = slash == path.find('/');
  return std::string(path.substr(0, directly ? path.rfind('.') : slash));
}

using Arrows = std::map<std::string, std::set<std::string>>;

// Which room includes which.
Arrows arrows_between_rooms(const SourceFiles& files) {
  Arrows arrows;
  for (const SourceFile& file : files) {
    if (!is_product(file)) continue;
    const std::string from = room_of(file.path);
    arrows[from];
    for (const Include& include : includes_of(file)) {
      if (include.quoted && room_of(include.header) != from) arrows[from].insert(room_of(include.header));
    }
  }
  return arrows;
}

Breaches includes_upwards(const SourceFiles& files) {
  Breaches breaches;
  for (const auto& [from, targets] : arrows_between_rooms(files)) {
    for (const auto& floors : kFloors) {
      const std::string layer = floors.front().substr(0, floors.front().find('/') + 1);
      if (!from.starts_with(layer)) continue;
      const auto floor_of = [&](const std::string& room) { return std::find(floors.begin(), floors.end(), room); };
      if (floor_of(from) == floors.end()) breaches.push_back(from + " has no floor");
      for (const std::string& to : targets) {
        if (to.starts_with(layer) && floor_of(to) >= floor_of(from)) breaches.push_back(from + " includes " + to);
      }
    }
  }
  return breaches;
}

// A room that can be reached from itself.
Breaches circles_of_rooms(const SourceFiles& files) {
  const Arrows arrows = arrows_between_rooms(files);
  Breaches breaches;
  for (const auto& [begin, first] : arrows) {
    std::set<std::string> seen;
    std::vector<std::string> open(first.begin(), first.end());
    while (!open.empty()) {
      const std::string room = open.back();
      open.pop_back();
      if (!seen.insert(room).second) continue;
      if (const auto further = arrows.find(room); further != arrows.end()) {
        open.insert(open.end(), further->second.begin(), further->second.end());
      }
    }
    if (seen.contains(begin)) breaches.push_back(begin);
  }
  return breaches;
}

// The user's side stands beside the floors: no deed and no record may need it.
Breaches includes_of_the_client(const SourceFiles& files) {
  Breaches breaches;
  for (const auto& [from, targets] : arrows_between_rooms(files)) {
    if (from.starts_with("auth/") && targets.contains("auth/client")) breaches.push_back(from);
  }
  return breaches;
}

const Breaches kNone;

}  // namespace

TEST_CASE("a room includes those on the floors below it and never one above") {
  const auto arrows = arrows_between_rooms(project());
  const Breaches upwards = includes_upwards(project());
  std::cout << arrows.size() << " rooms, " << upwards.size() << " includes upwards, "
            << circles_of_rooms(project()).size() << " rooms in circles\n";
  CHECK(upwards == kNone);
  CHECK(includes_upwards({{"auth/base/a.hpp", "#include \"auth/records/b.hpp\"\n"}}).size() == 1);
  CHECK(includes_upwards({{"auth/records/a.cpp", "#include \"auth/context.hpp\"\n"}}).size() == 1);
  CHECK(includes_upwards({{"auth/context.hpp", "#include \"auth/keys/rotation.hpp\"\n"}}).size() == 1);
  CHECK(includes_upwards({{"auth/openpgp/gate/a.cpp", "#include \"auth/openpgp/policy.hpp\"\n"}}).size() == 1);
  CHECK(includes_upwards({{"transport/operations/a.cpp", "#include \"transport/http/b.hpp\"\n"}}).size() == 1);
  CHECK(includes_upwards({{"auth/attic/a.cpp", ""}}) == Breaches{"auth/attic has no floor"});
  CHECK(includes_upwards({{"auth/keys/a.cpp", "#include \"auth/records/b.hpp\"\n"}}) == kNone);
}

TEST_CASE("no room can be reached from itself") {
  CHECK(circles_of_rooms(project()) == kNone);
  const SourceFile there{"cli/a.cpp", "#include \"cli/b.hpp\"\n"};
  const SourceFile back{"cli/b.cpp", "#include \"cli/c.hpp\"\n"};
  CHECK(circles_of_rooms({there, back, {"cli/c.hpp", "#include \"cli/a.hpp\"\n"}}).size() == 3);
  CHECK(circles_of_rooms({there, back, {"cli/c.hpp", "#include \"storage/a.hpp\"\n"}}) == kNone);
}

TEST_CASE("the server's rooms need nothing of the client's") {
  CHECK(includes_of_the_client(project()) == kNone);
  CHECK(includes_of_the_client({{"auth/upkeep/a.cpp", "#include \"auth/client/b.hpp\"\n"}}).size() == 1);
}
