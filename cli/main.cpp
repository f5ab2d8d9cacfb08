#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "auth/openpgp/gnupg/worker.hpp"
#include "cli/app.hpp"
#include "cli/descriptors.hpp"
#include "storage/base/secret.hpp"

int main(int argc, char** argv) {
  using namespace countersign;
  cli::hold_standard_descriptors();
  lock_secret_memory();
  // A GnuPG worker is this program too, and no command: nobody starts it by hand.
  if (argc == 2 && std::string_view(argv[1]) == auth::openpgp::gnupg::kWorkerCommand) {
    cli::lower_descriptor_limit();
    return auth::openpgp::gnupg::run_worker();
  }
  cli::Terminal terminal = cli::Terminal::of_process();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  try {
    return static_cast<int>(cli::run_app(arguments, terminal, cli::Environment::of_process()));
  } catch (const std::exception& error) {
    // Only the standard library is left to throw here, and then mostly for want of memory.
    terminal.error(Error{ErrorCode::failed, error.what()});
    static_cast<void>(terminal.finish());
    return static_cast<int>(cli::ExitCode::failed);
  }
}
