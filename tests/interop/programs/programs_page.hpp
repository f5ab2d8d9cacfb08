// docs/protocol/programs.md as data: what a person types for each OpenPGP program, and what the page says comes of it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace countersign::test {

// In a block of shell a line "# NAME" begins a step, which lasts to the next one or the end of the block.
using Steps = std::map<std::string, std::string>;

struct Recipe {
  std::string program;
  std::vector<std::string> keys;  // X of each step "make a key: X", as the page orders them
  Steps steps;
};

struct ProgramsPage {
  std::string text;
  Steps common;                    // of the section that is for every program
  std::vector<Recipe> recipes;     // a section each
  std::vector<std::string> table;  // its lines, without the two of the head
};

// Throws where a section has no step, or a step is there twice.
ProgramsPage read_programs_page(const std::string& text);

}  // namespace countersign::test
