// The sources as data, for tests that judge them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace countersign::test {

struct SourceFile {
  std::string path;  // from the root, with '/'
  std::string text;
};

using SourceFiles = std::vector<SourceFile>;

// Every file of the project in byte order of the paths, without what a build or an editor leaves there. `root` is where
// CMakeLists.txt is.
SourceFiles read_source_tree(const std::string& root);
// This project.
const SourceFiles& project();
// What a rule says is wrong; empty where it holds.
using Breaches = std::vector<std::string>;
// The names at the top level, in byte order.
std::vector<std::string> top_level(const SourceFiles& files);

// `.cpp` and `.hpp`.
bool is_code(const SourceFile& file);
// Code of one of the four layers.
bool is_product(const SourceFile& file);
// Beneath a folder or of one file: "auth/openpgp/" or "cli/app.cpp".
bool is_in(const SourceFile& file, std::string_view place);

struct Include {
  std::string header;
  bool quoted = false;
};
std::vector<Include> includes_of(const SourceFile& file);
// C++ without comments, literals and include lines: what is left are names.
std::string names_only(std::string_view code);
// The names of the Catch2 test cases.
std::vector<std::string> test_cases_of(const SourceFile& file);

}  // namespace countersign::test
