#include "cli/pinentry.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <array>

namespace countersign::cli {

void tell_pinentry_the_terminal() {
  const char* const set = ::getenv("GPG_TTY");
  if (set != nullptr && *set != '\0') return;
  std::array<char, 256> name{};
  for (const int stream : {STDERR_FILENO, STDIN_FILENO, STDOUT_FILENO}) {
    if (::ttyname_r(stream, name.data(), name.size()) != 0) continue;
    ::setenv("GPG_TTY", name.data(), 1);
    return;
  }
}

}  // namespace countersign::cli
