#include "cli/held_signals.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "storage/new_file.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::cli;
using namespace countersign::test;

namespace {

// What a child came to that did this.
template <class Deed>
int end_of(Deed deed) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);  // not the test runner's
    _exit(deed());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("a signal that comes while a file is written ends the program when the file is gone") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const ScratchFolder scratch;
    const int status = end_of([&] {
      const HeldSignals held;
      auto file = storage::NewFile::begin(scratch.path() / "file");
      if (!file || !file->add(as_bytes("half")) || held.is_waiting()) return 1;
      raise(signal);
      return held.is_waiting() ? 0 : 2;
    });
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
    CHECK(files_beneath(scratch.path()).empty());
  }
}

TEST_CASE("a signal that is ignored stops nothing") {
  const int status = end_of([] {
    std::signal(SIGHUP, SIG_IGN);
    const HeldSignals held;
    raise(SIGHUP);
    return held.is_waiting() ? 1 : 0;
  });
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a wait ends with the signal, which goes on waiting") {
  const int status = end_of([] {
    const HeldSignals held;
    held.wait(std::chrono::milliseconds(1));
    if (held.is_waiting()) return 1;
    raise(SIGTERM);
    held.wait(std::chrono::hours(1));
    return held.is_waiting() ? 0 : 2;
  });
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}
