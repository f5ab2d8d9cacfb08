#include "tests/interop/programs/programs_page.hpp"

#include <sstream>
#include <stdexcept>

namespace countersign::test {
namespace {

constexpr std::string_view kCommon = "What is the same for all of them";
constexpr std::string_view kMakesKey = "make a key: ";

void add_step(Recipe& recipe, const std::string& name) {
  if (!recipe.steps.emplace(name, "").second) throw std::runtime_error(recipe.program + ": twice: " + name);
  if (name.starts_with(kMakesKey)) recipe.keys.push_back(name.substr(kMakesKey.size()));
}

}  // namespace

ProgramsPage read_programs_page(const std::string& text) {
  ProgramsPage page{text, {}, {}, {}};
  std::istringstream lines(text);
  bool in_block = false;
  std::string step;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      in_block = !in_block;
      step.clear();
    } else if (in_block && line.starts_with("# ")) {
      if (page.recipes.empty()) throw std::runtime_error("a step before the first section: " + line);
      step = line.substr(2);
      add_step(page.recipes.back(), step);
    } else if (in_block && !step.empty()) {
      page.recipes.back().steps[step] += line + "\n";
    } else if (!in_block && line.starts_with("## ")) {
      page.recipes.push_back({line.substr(3), {}, {}});
    } else if (!in_block && line.starts_with("| ")) {
      page.table.push_back(line);
    }
  }
  for (const Recipe& recipe : page.recipes) {
    if (recipe.steps.empty()) throw std::runtime_error("no step in section " + recipe.program);
  }
  if (page.recipes.empty() || page.recipes.front().program != kCommon) {
    throw std::runtime_error("the first section is not " + std::string(kCommon));
  }
  page.common = page.recipes.front().steps;
  page.recipes.erase(page.recipes.begin());
  if (!page.table.empty()) page.table.erase(page.table.begin());
  return page;
}

}  // namespace countersign::test
