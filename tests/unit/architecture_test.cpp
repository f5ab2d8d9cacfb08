// The house keeps its own rules: direction, rooms, names, sizes. Each rule is a function from files to breaches, and is
// also run on planted breaches, since a rule that cannot fail holds nothing.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <set>

#include "tests/support/source_tree.hpp"

using namespace countersign::test;

namespace {

// Lower may not include higher. The floor of the floor, storage/base, includes nothing of ours but itself.
constexpr std::array<std::string_view, 5> kLayers = {"storage/base/", "storage/", "auth/", "transport/", "cli/"};

std::size_t layer_of(std::string_view path) {
  for (std::size_t layer = 0; layer < kLayers.size(); ++layer) {
    if (path.starts_with(kLayers[layer])) return layer;
  }
  return kLayers.size();  // tests, and what is no layer at all
}

Breaches includes_that_point_back(const SourceFiles& files) {
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!is_product(file)) continue;
    for (const Include& include : includes_of(file)) {
      if (include.quoted && layer_of(include.header) > layer_of(file.path)) {
        breaches.push_back(file.path + " includes " + include.header);
      }
    }
  }
  return breaches;
}

struct Room {
  std::string_view header;  // what the header's name begins with
  std::vector<std::string_view> places;
};

const std::vector<Room> kRooms = {
    {"rnp/", {"auth/openpgp/rnp/"}},
    {"gpgme.h", {"auth/openpgp/gnupg/", "auth/client/"}},
    {"gcrypt.h", {"auth/openpgp/gnupg/"}},
    {"argon2.h", {"auth/passwords/"}},
    {"nlohmann/", {"storage/base/json.cpp"}},
    {"SQLiteCpp/", {"storage/sqlite_connection.hpp"}},
    {"sqlite3.h", {"storage/sqlite_connection.cpp"}},
    {"httplib.h", {"transport/http/client.cpp"}},
    {"CLI/", {"cli/command_line.cpp", "cli/help.cpp"}},
    {"toml++/", {"cli/settings.cpp"}},
    {"systemd/", {"cli/supervisor.cpp"}},
    {"sodium.h", {"transport/wormhole/spake2.cpp", "transport/wormhole/keys.cpp"}},
    {"wslay/", {"transport/wormhole/websocket_frames.cpp"}},
    {"openssl/", {"storage/base/", "auth/base/rng.cpp", "transport/wormhole/tls.cpp"}},
    {"utf8proc.h", {"storage/base/"}},
    {"tl/", {"storage/base/result.hpp"}},
};

Breaches headers_outside_their_room(const SourceFiles& files) {
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!is_product(file)) continue;
    for (const Include& include : includes_of(file)) {
      for (const Room& room : kRooms) {
        if (!include.header.starts_with(room.header)) continue;
        const bool inside = std::any_of(room.places.begin(), room.places.end(),
                                        [&](std::string_view place) { return is_in(file, place); });
        if (!inside) breaches.push_back(file.path + " includes " + include.header);
      }
    }
  }
  return breaches;
}

Breaches includes_not_from_the_root(const SourceFiles& files) {
  std::set<std::string, std::less<>> paths;
  for (const SourceFile& file : files) paths.insert(file.path);
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!is_code(file)) continue;
    for (const Include& include : includes_of(file)) {
      if (include.quoted != paths.contains(include.header)) {
        breaches.push_back(file.path + " includes " + include.header);
      }
    }
  }
  return breaches;
}

constexpr std::ptrdiff_t kLinesMax = 400;

Breaches files_too_long(const SourceFiles& files) {
  Breaches breaches;
  for (const SourceFile& file : files) {
    const bool counts = is_code(file) || file.path.ends_with("CMakeLists.txt") || file.path.ends_with(".sh");
    const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
    if (counts && lines > kLinesMax) breaches.push_back(file.path + " has " + std::to_string(lines) + " lines");
  }
  return breaches;
}

Breaches headers_without_a_guard(const SourceFiles& files) {
  static const std::regex kGuard(R"re((^|\n)#pragma once\n)re");
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (file.path.ends_with(".hpp") && !std::regex_search(file.text, kGuard)) breaches.push_back(file.path);
  }
  return breaches;
}

// Words that say nothing about what a thing is. A library's own name for a method is not ours to choose.
bool is_empty_word(const std::string& name) {
  static const std::set<std::string, std::less<>> kEmpty = {"manager", "util", "utils", "helper", "helpers"};
  static const std::set<std::string, std::less<>> kOfLibraries = {"process_request", "process_and_close_socket"};
  for (const std::string_view verb : {"handle_", "process_"}) {
    if (name.starts_with(verb) && name.size() > verb.size() && !kOfLibraries.contains(name)) return true;
  }
  std::string word;
  for (const char c : name + "_") {
    const bool begins = c == '_' || std::isupper(static_cast<unsigned char>(c)) != 0;
    if (begins && kEmpty.contains(word)) return true;
    if (begins) word.clear();
    if (c != '_') word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return false;
}

Breaches empty_words(const SourceFiles& files) {
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!is_code(file)) continue;
    std::string name;
    for (const char c : file.path + " " + names_only(file.text) + " ") {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
        name += c;
        continue;
      }
      if (is_empty_word(name)) breaches.push_back(file.path + ": " + name);
      name.clear();
    }
  }
  return breaches;
}

Breaches strangers_at_the_top(const std::vector<std::string>& names) {
  static const std::set<std::string, std::less<>> kKnown = {
      "CMakeLists.txt", "auth",    "storage",      "transport",         "cli",    "tests",   "fixtures", "docs",
      "README.md",      "LICENSE", "CHANGELOG.md", "CMakePresets.json", "run.sh", "test.sh", "debian",   "package.sh"};
  Breaches breaches;
  for (const std::string& name : names) {
    if (!name.starts_with('.') && !kKnown.contains(name)) breaches.push_back(name);
  }
  return breaches;
}

// A path that exists on one machine, and the host of a package registry, which a network elsewhere replaces. Put
// together at run time, or this file would be a breach.
std::vector<std::string> machine_places() {
  const std::string slash = "/";
  const std::string dot = ".";
  return {slash + "work/",          slash + "home/",
          slash + "Users/",         "deb" + dot + "debian.org",
          "pypi" + dot + "org",     "registry" + dot + "npmjs",
          "proxy" + dot + "golang", "crates" + dot + "io"};
}

Breaches places_of_one_machine(const SourceFiles& files) {
  Breaches breaches;
  for (const SourceFile& file : files) {
    for (const std::string& place : machine_places()) {
      for (std::size_t at = file.text.find(place); at != std::string::npos; at = file.text.find(place, at + 1)) {
        // A folder of that name deeper down, or behind a "~", is no path from the root.
        const char before = at == 0 ? ' ' : file.text[at - 1];
        const bool goes_on = std::isalnum(static_cast<unsigned char>(before)) != 0 || before == '~' || before == '.';
        if (place.starts_with('/') && goes_on) continue;
        breaches.push_back(file.path + ": " + place);
      }
    }
  }
  return breaches;
}

Breaches tests_without_a_case(const SourceFiles& files) {
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!file.path.starts_with("tests/") || !file.path.ends_with("_test.cpp")) continue;
    if (test_cases_of(file).empty()) breaches.push_back(file.path);
  }
  return breaches;
}

// `built` are the targets that CMake made.
Breaches fuzz_targets_not_run(const SourceFiles& files, const std::set<std::string>& built) {
  static const std::regex kSource(R"re(tests/fuzz/([a-z0-9_]+)\.cpp)re");
  Breaches breaches;
  for (const SourceFile& file : files) {
    std::smatch found;
    if (!std::regex_match(file.path, found, kSource)) continue;
    const std::string target = found[1];
    if (!built.contains(target)) breaches.push_back(target + " has no CMake target");
    if (file.text.find("LLVMFuzzerTestOneInput") == std::string::npos) breaches.push_back(target + " has no entry");
    const bool has_corpus = std::any_of(files.begin(), files.end(), [&](const SourceFile& other) {
      return other.path.starts_with("fixtures/fuzz/" + target + "/");
    });
    if (!has_corpus) breaches.push_back(target + " has no corpus");
  }
  return breaches;
}

std::set<std::string> fuzz_targets_of_cmake() {
  std::ifstream in(std::filesystem::path(COUNTERSIGN_PROGRAM).parent_path() / "tests/fuzz/targets.txt");
  std::set<std::string> targets;
  for (std::string line; std::getline(in, line);) targets.insert(line);
  return targets;
}

// [text](where) in a document: where there is no host, there is a file.
Breaches links_to_nowhere(const SourceFiles& files) {
  static const std::regex kLink(R"re(\]\(([^)\s:#]+)(#[^)\s]*)?\))re");
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!file.path.ends_with(".md")) continue;
    for (std::sregex_iterator found(file.text.begin(), file.text.end(), kLink), end; found != end; ++found) {
      const auto folder = std::filesystem::path(file.path).parent_path();
      const std::string target = (folder / (*found)[1].str()).lexically_normal().generic_string();
      const bool there = std::any_of(files.begin(), files.end(), [&](const SourceFile& other) {
        return other.path == target || other.path.starts_with(target.ends_with('/') ? target : target + "/");
      });
      if (!there) breaches.push_back(file.path + " links to " + (*found)[1].str());
    }
  }
  return breaches;
}

const Breaches kNone;

}  // namespace

TEST_CASE("includes point down the layers and never back") {
  CHECK(includes_that_point_back(project()) == kNone);
  CHECK(includes_that_point_back({{"storage/medium.cpp", "#include \"auth/base/clock.hpp\"\n"}}).size() == 1);
  CHECK(includes_that_point_back({{"storage/base/text.cpp", "#include \"storage/medium.hpp\"\n"}}).size() == 1);
  CHECK(includes_that_point_back({{"auth/a.hpp", "//\n  # include \"tests/support/fuzz.hpp\"\n"}}).size() == 1);
  CHECK(includes_that_point_back({{"cli/main.cpp", "#include \"storage/medium.hpp\"\n"}}) == kNone);
}

TEST_CASE("a header of a library stays in its room") {
  CHECK(headers_outside_their_room(project()) == kNone);
  for (const Room& room : kRooms) {
    const std::string include = "#include <" + std::string(room.header) + "x.h>\n";
    CHECK(headers_outside_their_room({{"cli/exit_code.cpp", include}}).size() == 1);
    CHECK(headers_outside_their_room({{"transport/operations/a.hpp", include}}).size() == 1);
  }
  CHECK(headers_outside_their_room({{"auth/openpgp/rnp/a.cpp", "#include <rnp/rnp.h>\n"}}) == kNone);
}

TEST_CASE("includes are written from the root and only ours in quotation marks") {
  CHECK(includes_not_from_the_root(project()) == kNone);
  const SourceFile header{"auth/base/clock.hpp", ""};
  CHECK(includes_not_from_the_root({header, {"auth/a.cpp", "#include \"clock.hpp\"\n"}}).size() == 1);
  CHECK(includes_not_from_the_root({header, {"auth/a.cpp", "#include \"../auth/clock.hpp\"\n"}}).size() == 1);
  CHECK(includes_not_from_the_root({header, {"auth/a.cpp", "#include <auth/base/clock.hpp>\n"}}).size() == 1);
  CHECK(includes_not_from_the_root({header, {"auth/a.cpp", "#include \"auth/base/clock.hpp\"\n"}}) == kNone);
}

// Length asks whether a part deserves a noun of its own; it is no law, so what is long is only listed.
TEST_CASE("files of over 400 lines are listed") {
  for (const std::string& file : files_too_long(project())) std::cout << "long: " << file << "\n";
  CHECK(files_too_long({{"cli/a.cpp", std::string(401, '\n')}}).size() == 1);
  CHECK(files_too_long({{"cli/a.cpp", std::string(400, '\n')}}) == kNone);
}

TEST_CASE("every header guards itself") {
  CHECK(headers_without_a_guard(project()) == kNone);
  CHECK(headers_without_a_guard({{"cli/a.hpp", "// #pragma once\nint a;\n"}}).size() == 1);
}

TEST_CASE("names say what a thing is") {
  CHECK(empty_words(project()) == kNone);
  for (const char* name : {"SessionManager", "session_manager", "util", "string_utils", "StringUtil", "test_helper",
                           "HelperFunctions", "handle_login", "process_input"}) {
    CAPTURE(name);
    CHECK(empty_words({{"cli/a.hpp", "int " + std::string(name) + ";\n"}}).size() == 1);
  }
  CHECK(empty_words({{"cli/file_utils.hpp", ""}}).size() == 1);
  for (const char* text :
       {"// a helper\n", "#include <util.h>\n", "auto a = \"manager\";\n", "rnp_key_handle_t handle_;\n",
        "process_request(stream);\n", "std::utility_like a;\n", "auto a = R\"(util)\";\n"}) {
    CAPTURE(text);
    CHECK(empty_words({{"cli/a.hpp", text}}) == kNone);
  }
}

TEST_CASE("the top level holds nothing but its ten rooms and what tools insist on") {
  CHECK(strangers_at_the_top(top_level(project())) == kNone);
  CHECK(strangers_at_the_top({"src", "auth", "Makefile", ".ci"}) == Breaches{"src", "Makefile"});
}

TEST_CASE("no file names a place of one machine") {
  CHECK(places_of_one_machine(project()) == kNone);
  for (const std::string& place : machine_places()) {
    CAPTURE(place);
    CHECK(places_of_one_machine({{"docs/a.md", "see \"" + place + "a"}}).size() == 1);
  }
  CHECK(places_of_one_machine({{"docs/a.md", "docs" + machine_places()[0] + "a ~" + machine_places()[1]}}) == kNone);
}

TEST_CASE("every file of tests has a test") {
  CHECK(tests_without_a_case(project()) == kNone);
  CHECK(tests_without_a_case({{"tests/unit/a_test.cpp", "// TEST_CASE(\"a\")\n"}}).size() == 1);
  CHECK(tests_without_a_case({{"tests/unit/a_test.cpp", "TEST_CASE(\"a\") {}\n"}}) == kNone);
}

TEST_CASE("every fuzz target is built and starts from a corpus") {
  CHECK(fuzz_targets_not_run(project(), fuzz_targets_of_cmake()) == kNone);
  const SourceFile target{"tests/fuzz/a.cpp", "int LLVMFuzzerTestOneInput();"};
  const SourceFile corpus{"fixtures/fuzz/a/corpus/1", ""};
  CHECK(fuzz_targets_not_run({target, corpus}, {"a"}) == kNone);
  CHECK(fuzz_targets_not_run({target, corpus}, {}).size() == 1);
  CHECK(fuzz_targets_not_run({target}, {"a"}).size() == 1);
  CHECK(fuzz_targets_not_run({{"tests/fuzz/a.cpp", "int main();"}, corpus}, {"a"}).size() == 1);
}

TEST_CASE("a link of a document leads to a file") {
  CHECK(links_to_nowhere(project()) == kNone);
  CHECK(links_to_nowhere({{"docs/README.md", "[a](gone.md) [b](https://example.org/)"}}).size() == 1);
  CHECK(links_to_nowhere({{"docs/README.md", "[a](../LICENSE#x)"}, {"LICENSE", ""}}) == kNone);
}

TEST_CASE("the rules see the project") {
  // An empty tree would keep every rule.
  const auto& files = project();
  CHECK(std::count_if(files.begin(), files.end(), is_product) > 20);
  CHECK(std::any_of(files.begin(), files.end(), [](const auto& file) { return file.path == "storage/medium.hpp"; }));
  CHECK(includes_of({"a.cpp", "#include <string>\n#include \"b.hpp\"\n"}).size() == 2);
}
