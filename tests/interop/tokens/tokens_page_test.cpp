// docs/operating/tokens.md says what to type. Here it is typed.
#include <catch2/catch.hpp>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// The shell blocks of the page, in their order.
std::vector<std::string> shell_blocks() {
  const std::string page = read_file(fs::path(COUNTERSIGN_SOURCE) / "docs/operating/tokens.md");
  const std::string begin = "\n```sh\n";
  std::vector<std::string> blocks;
  for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at)) {
    at += begin.size();
    const auto end = page.find("\n```\n", at);
    blocks.push_back(page.substr(at, end + 1 - at));
  }
  return blocks;
}

void write_program(const fs::path& path, const std::string& text) {
  write_file(path, text);
  fs::permissions(path, fs::perms::owner_all);
}

// Somebody's home folder, with GnuPG's in its usual place, and what keeps its daemons from outliving it.
struct Person {
  Person() { fs::create_directory(gnupg); }
  ~Person() { sh("gpgconf --kill all"); }
  ProgramRun sh(const std::string& script) const {
    return run_program({"env", "-u", "GNUPGHOME", "-u", "XDG_CONFIG_HOME", "sh", "-c", "cd \"$HOME\"\n" + script}, {},
                       {"HOME=" + home.path().string(), "PIN=86420", "SO_PIN=97531", "LC_ALL=C.UTF-8",
                        "COUNTERSIGN_DATA=" + (home.path() / "data").string(),
                        "PIN_FILE=" + (home.path() / "pin").string(), "GIVEN=" + (home.path() / "given").string()});
  }
  std::string must(const std::string& script) const {
    ProgramRun done = sh(script);
    if (done.exit_code != 0) throw std::runtime_error(script + "\n" + done.output + done.error);
    return std::move(done.output);
  }

  ScratchFolder home;
  fs::path gnupg = home.path() / ".gnupg";
};

}  // namespace

TEST_CASE("the page on tokens makes a key in a token that logs in, and its pinentry gives a PIN once") {
  const auto blocks = shell_blocks();
  REQUIRE(blocks.size() == 2);
  const Person person;
  fs::permissions(person.gnupg, fs::perms::owner_all);
  write_file(person.home.path() / "pin", "86420\n");
  write_program(person.home.path() / "pinentry", blocks[1]);
  write_file(person.gnupg / "gpg-agent.conf", "pinentry-program " + (person.home.path() / "pinentry").string() + "\n");
  const ProgramRun made = person.sh(blocks[0]);
  INFO(made.output);
  INFO(made.error);
  REQUIRE(made.exit_code == 0);
  CHECK(made.output.find("sec>") != std::string::npos);
  CHECK(made.output.find("ssb>") != std::string::npos);

  const Installation installation;
  installation.add_account("alice", read_file(person.home.path() / "alice.asc"));
  const RunningServer server(installation);
  const std::string token =
      person.must(std::string(COUNTERSIGN_PROGRAM) + " login " + server.url() + " --user alice --server " +
                  kServerName + " --server-key " + installation.fingerprint());
  CHECK(server.session_status(token.substr(0, token.size() - 1)) == 200);

  // A second time within the minute, as after a wrong PIN, it gives none.
  const ProgramRun again = person.sh(
      "gpgconf --kill gpg-agent; for i in $(seq 100); do test -e ~/.gnupg/S.gpg-agent || break; sleep 0.1; done; "
      "echo text | gpg --clearsign");
  CHECK(again.exit_code != 0);
  CHECK(again.error.find("cancelled") != std::string::npos);
  // Where it cannot note that it gave it, it gives none either, by the shell of Debian.
  const ProgramRun unnoted = person.sh("printf 'GETPIN\\nBYE\\n' | GIVEN=/nowhere/given sh ~/pinentry");
  CHECK(unnoted.output == "OK ready\nERR 83886179 Operation cancelled\nOK\n");
  CHECK(unnoted.exit_code == 0);
  fs::last_write_time(person.home.path() / "given", fs::file_time_type::clock::now() - std::chrono::minutes(3));
  CHECK(person.sh("echo text | gpg --clearsign").exit_code == 0);
}
