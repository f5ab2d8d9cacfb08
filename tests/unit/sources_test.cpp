// Rows of the threat model that hold because of what the sources do not contain, or do not let compile.
#include <catch2/catch.hpp>

#include <stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "tests/support/source_tree.hpp"

using namespace countersign::test;

namespace {

struct Reserved {
  std::string name;  // a regular expression over code without comments and literals
  std::vector<std::string_view> places;
};

// Names of the product that stand anywhere but in their places.
Breaches outside(const SourceFiles& files, const Reserved& reserved) {
  const std::regex name(reserved.name);
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!is_code(file) || file.path.starts_with("tests/")) continue;
    const bool inside = std::any_of(reserved.places.begin(), reserved.places.end(),
                                    [&](std::string_view place) { return is_in(file, place); });
    const std::string names = names_only(file.text);
    std::smatch found;
    if (!inside && std::regex_search(names, found, name)) breaches.push_back(file.path + ": " + found.str());
  }
  return breaches;
}

const Reserved kClient{R"re(httplib\s*::\s*\w*Client\b|\bgetaddrinfo\b|\bgethostbyname)re",
                       {"transport/http/", "transport/wormhole/tcp_connect.cpp"}};
const Reserved kRedirect{R"re(\bset_follow_location\s*\(\s*true)re", {}};
const Reserved kWallClock{
    R"re(\b(system_clock|utc_clock)\s*::\s*now\b|\btime\s*\(\s*(nullptr|NULL|0|&)|\bgettimeofday\b)re",
    {"auth/base/clock.cpp"}};
// How long a connection may idle, a lock is waited for, gpg may take and an operation took are no decisions about
// trust.
const Reserved kSteadyClock{R"re(\b(steady_clock|high_resolution_clock)\s*::\s*now\b|\bclock_gettime\b)re",
                            {"auth/base/clock.cpp", "auth/openpgp/gnupg/channel.cpp", "transport/http/",
                             "transport/metrics/", "storage/flock_within.cpp"}};

// Behind another element of a braced list (storage/base/result.hpp says why). A brace that opens a block has nothing
// but a blank before it; what is like a list and holds a statement is none.
const Reserved kTryInList{R"re((\w|>|\(|,\s|=\s|return\s)\{[^{};]*,[^{};]*\bTRY\s*\()re", {}};

Breaches client_used_outside_the_commands(const SourceFiles& files) {
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!is_code(file) || is_in(file, "cli/") || is_in(file, "tests/")) continue;
    for (const Include& include : includes_of(file)) {
      const bool own = file.path == "transport/http/client.cpp";
      if (include.header == "transport/http/client.hpp" && !own) breaches.push_back(file.path);
    }
  }
  return breaches;
}

// Constants of a file's own that another file of its layer and namespace has too. Files are compiled in batches
// (CMakeLists.txt), and which ones share a batch changes with every new file.
Breaches twin_constants(const SourceFiles& files) {
  static const std::regex space(R"re(^namespace ([\w:]+) \{)re");
  static const std::regex constant(R"re(^constexpr [^=;{(]*\b(k[A-Z]\w*))re");
  std::map<std::string, std::string> first;
  Breaches breaches;
  for (const SourceFile& file : files) {
    if (!is_product(file) || !file.path.ends_with(".cpp")) continue;
    std::istringstream lines(file.text);
    std::string name_space;
    std::smatch found;
    for (std::string line; std::getline(lines, line);) {
      if (std::regex_search(line, found, space)) name_space = found.str(1);
      if (!std::regex_search(line, found, constant)) continue;
      const std::string name = file.path.substr(0, file.path.find('/')) + ' ' + name_space + "::" + found.str(1);
      const auto [twin, is_new] = first.emplace(name, file.path);
      if (!is_new && twin->second != file.path)
        breaches.push_back(file.path + " and " + twin->second + ": " + found.str(1));
    }
  }
  return breaches;
}

// Does a source file with this function body compile, with warnings as errors?
bool compiles(const std::string& body) {
  std::string folder = (std::filesystem::temp_directory_path() / "countersign-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string file = folder + "/dropped.cpp";
  std::ofstream(file) << "#include \"storage/base/result.hpp\"\n"
                         "countersign::Result<int> find();\ncountersign::Status commit();\n"
                         "countersign::Status run() {\n"
                      << body << "\nreturn countersign::ok();\n}\n";
  const std::string command = "'" COUNTERSIGN_COMPILER
                              "' -std=c++20 -Wall -Wextra -Werror -fsyntax-only -I '" COUNTERSIGN_SOURCE "' '" +
                              file + "' 2>'" + folder + "/said'";
  const int status = std::system(command.c_str());
  std::filesystem::remove_all(folder);
  return status == 0;
}

}  // namespace

TEST_CASE("S59 a result that is dropped does not compile") {
  CHECK(compiles("return commit();"));
  CHECK(compiles("TRY(commit()); return find() ? countersign::ok() : commit();"));
  CHECK_FALSE(compiles("commit();"));
  CHECK_FALSE(compiles("find();"));
}

TEST_CASE("no early return leaves an element of a braced list undestroyed") {
  CHECK(outside(read_source_tree(COUNTERSIGN_SOURCE), kTryInList) == Breaches());
  for (const char* code : {"return Held{std::move(lock), TRY(load())};", "take({lock, TRY(load())});",
                           "head = {number, TRY(text())};", "return {\n    lock,\n    TRY(load())};"}) {
    CAPTURE(code);
    CHECK(outside({{"auth/a.cpp", code}}, kTryInList).size() == 1);
  }
  for (const char* code : {"return Held{TRY(load())};", "if (there) { take(a, TRY(b())); }", "struct A { int a, b; };",
                           "auto f = [&] { return put(a, TRY(b())); };"}) {
    CAPTURE(code);
    CHECK(outside({{"auth/a.cpp", code}}, kTryInList) == Breaches());
  }
}

TEST_CASE("no constant of one file has a twin in another that may share its batch") {
  CHECK(twin_constants(project()) == Breaches());
  const std::string code = "namespace a::b {\nnamespace {\nconstexpr int kOne = 1;\n}\n}\n";
  CHECK(twin_constants({{"auth/a.cpp", code}, {"auth/b/a.cpp", code}}).size() == 1);
  CHECK(twin_constants({{"auth/a.cpp", code}, {"cli/a.cpp", code}}) == Breaches());
}

TEST_CASE("S67 nothing is fetched but by the client a user starts") {
  const SourceFiles files = read_source_tree(COUNTERSIGN_SOURCE);
  CHECK(outside(files, kClient) == Breaches());
  CHECK(outside(files, kRedirect) == Breaches());
  CHECK(client_used_outside_the_commands(files) == Breaches());
  CHECK(outside({{"auth/a.cpp", "httplib::SSLClient client(host);"}}, kClient).size() == 1);
  CHECK(outside({{"transport/http/client.cpp", "client.set_follow_location( true );"}}, kRedirect).size() == 1);
  CHECK(outside({{"transport/http/client.cpp", "// set_follow_location(true)\n"}}, kRedirect) == Breaches());
  CHECK(client_used_outside_the_commands({{"auth/a.cpp", "#include \"transport/http/client.hpp\"\n"}}).size() == 1);
}

TEST_CASE("S75 the wall clock is read in one place") {
  const SourceFiles files = read_source_tree(COUNTERSIGN_SOURCE);
  CHECK(outside(files, kWallClock) == Breaches());
  CHECK(outside(files, kSteadyClock) == Breaches());
  for (const char* code : {"auto now = std::chrono::system_clock::now();", "auto now = std::time(nullptr);",
                           "auto now = ::time(nullptr);", "gettimeofday(&now, nullptr);"}) {
    CAPTURE(code);
    CHECK(outside({{"auth/sessions/a.cpp", code}}, kWallClock).size() == 1);
    CHECK(outside({{"auth/base/clock.cpp", code}}, kWallClock) == Breaches());
  }
  CHECK(outside({{"auth/a.cpp", "auto now = steady_clock::now();"}}, kSteadyClock).size() == 1);
}
