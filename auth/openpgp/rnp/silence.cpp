#include "auth/openpgp/rnp/silence.hpp"

#include <unistd.h>

#include <cstdio>

namespace countersign::auth::openpgp::rnp {
namespace {

thread_local int silences = 0;

ssize_t write_unless_silent(void*, const char* bytes, std::size_t size) {
  if (silences > 0) return static_cast<ssize_t>(size);
  return ::write(STDERR_FILENO, bytes, size);
}

// Once a process. Unbuffered, so that what is written is judged by the thread that wrote it.
bool replace_stderr() {
  cookie_io_functions_t functions{};
  functions.write = &write_unless_silent;
  std::FILE* const stream = fopencookie(nullptr, "w", functions);
  if (stream == nullptr) return false;
  std::setvbuf(stream, nullptr, _IONBF, 0);
  std::fflush(stderr);
  stderr = stream;
  return true;
}

}  // namespace

Silence::Silence() {
  // Where it fails, librnp is noisy and nothing else is wrong.
  [[maybe_unused]] static const bool replaced = replace_stderr();
  ++silences;
}

Silence::~Silence() {
  --silences;
}

}  // namespace countersign::auth::openpgp::rnp
