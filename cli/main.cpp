#include <exception>
#include <string>
#include <vector>

#include "cli/app.hpp"
#include "storage/base/secret.hpp"

int main(int argc, char** argv) {
  using namespace countersign;
  lock_secret_memory();
  cli::Terminal terminal = cli::Terminal::of_process();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  try {
    return static_cast<int>(cli::run_app(arguments, terminal, cli::Environment::of_process()));
  } catch (const std::exception& error) {
    // Only the standard library is left to throw here, and then mostly for want of memory.
    terminal.error(Error{ErrorCode::failed, error.what()});
    return static_cast<int>(cli::ExitCode::failed);
  }
}
