#include "cli/descriptors.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using countersign::cli::connections_within;

TEST_CASE("connections leave descriptors to whatever else a server opens") {
  CHECK(connections_within(1'000'000, 60, 4096) == 4096);
  CHECK(connections_within(1024, 60, 4096) == 1024 - 128 - 240);
  CHECK(connections_within(1024, 60, 100) == 100);
  // Few as they are, a quarter is for connections.
  CHECK(connections_within(256, 60, 4096) == 64);
  CHECK(connections_within(2, 60, 4096) == 1);
}

TEST_CASE("no file that is opened later is where talk goes to, though stdout was closed") {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    countersign::cli::hold_standard_descriptors();
    const bool is_behind = ::open("/dev/null", O_RDWR) > STDERR_FILENO;
    const bool is_closed = ::write(STDOUT_FILENO, "x", 1) < 0;
    ::_exit(is_behind && is_closed ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
