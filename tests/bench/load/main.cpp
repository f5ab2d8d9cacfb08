#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "tests/bench/load/options.hpp"
#include "tests/bench/load/report.hpp"

int main(int argc, char** argv) {
  using namespace countersign::bench;
  // Debian's librnp explains on the C library's stderr that it does not know the server's key. std::cerr goes on.
  if (std::FILE* const nowhere = std::fopen("/dev/null", "w"); nowhere != nullptr) stderr = nowhere;
  try {
    const Options options = options_of(argc, argv);
    if (options.help) {
      std::cout << help_text();
      return 0;
    }
    const LoadResult result = run_load(options.load);
    if (result.operations() == 0) throw std::runtime_error("no operation ended in that time");
    std::cout << (options.json ? report_json(result) : report_text(options.load, result));
    return 0;
  } catch (const std::invalid_argument& error) {
    std::cerr << "countersign_load: " << error.what() << " (see --help)\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "countersign_load: " << error.what() << '\n';
    return 1;
  }
}
