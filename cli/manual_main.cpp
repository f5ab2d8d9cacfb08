// Prints a page of the manual for scdoc: `countersign_manual countersign-account.1 <
// docs/man/countersign-account.1.scd`. The build runs it, and nothing installs it.
#include <iostream>
#include <iterator>
#include <string>

#include "cli/commands/all.hpp"
#include "cli/manual.hpp"

int main(int argc, char** argv) {
  using namespace countersign;
  if (argc != 2) {
    std::cerr << "usage: countersign_manual PAGE < PROSE\n";
    return 2;
  }
  const std::string prose{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const auto page = cli::manual_page(argv[1], prose, cli::commands::all());
  if (!page) {
    std::cerr << "countersign_manual: " << page.error().detail << "\n";
    return 1;
  }
  std::cout << *page << std::flush;
  return std::cout ? 0 : 1;
}
