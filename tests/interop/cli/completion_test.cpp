// Shells that complete commands, each with the script that the program prints for it.
#include <catch2/catch.hpp>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

// What a shell offers for a line that ends where the cursor is: a line a candidate.
struct Shells {
  Shells() {
    for (const char* name : {"alice", "zoe b", "mina@example.org"}) {
      GnupgUser user(name);
      installation.add_account(name, user.certificate());
    }
    write_file(folder() / "key.asc", "");
    std::filesystem::create_directory(folder() / "keys");
  }
  const std::filesystem::path& folder() const { return installation.folder(); }

  std::string run(const std::vector<std::string>& command) const {
    auto environment = installation.environment(nullptr);
    const std::string build = std::filesystem::path(COUNTERSIGN_PROGRAM).parent_path().string();
    environment.push_back("PATH=" + build + ":/usr/bin:/bin");
    environment.push_back("COUNTERSIGN_DATA=" + installation.data().string());
    environment.push_back("HOME=" + folder().string());
    environment.push_back("LC_ALL=C.UTF-8");
    ProgramRun done = run_program(command, {}, environment);
    INFO(done.error);
    CHECK(done.exit_code == 0);
    return std::move(done.output);
  }

  // As readline calls a function: with the line, and with its words as bash cuts them.
  std::string bash(const std::string& line, const std::string& pieces) const {
    return run({"bash", "--norc", "-c",
                "cd '" + folder().string() +
                    "'; source <(countersign completion bash); compopt() { echo \"$@\"; }; COMP_LINE=$1; "
                    "COMP_POINT=${#1}; COMP_WORDS=(" +
                    pieces +
                    "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _countersign; printf '%s\\n' \"${COMPREPLY[@]}\"",
                "bash", line});
  }
  // `_describe` and `_files` are of zsh's completion system, which is there only where somebody types.
  std::string zsh(const std::string& words) const {
    return run({"zsh", "-f", "-c",
                "compdef() { : }; _files() { print files $@ }; _describe() { print -l -- \"${(@P)2}\" }; "
                "source <(countersign completion zsh); words=(" +
                    words + "); CURRENT=${#words}; _countersign"});
  }
  // As the first completion calls a file of fpath, where the package puts it.
  std::string zsh_of_fpath(const std::string& words) const {
    return run({"zsh", "-f", "-c",
                "cd '" + folder().string() +
                    "'; countersign completion zsh > _countersign; fpath=(\"$PWD\" $fpath); autoload -Uz _countersign; "
                    "_describe() { print -l -- \"${(@P)2}\" }; words=(" +
                    words + "); CURRENT=${#words}; _countersign"});
  }
  std::string fish(const std::string& line) const {
    return run({"fish", "--no-config", "-c",
                "cd '" + folder().string() + "'; countersign completion fish | source; complete -C '" + line + "'"});
  }

  Installation installation;
};

}  // namespace

TEST_CASE("bash offers commands, options, names and files as they are to be typed") {
  const Shells shells;
  CHECK(shells.bash("countersign session sh", "countersign session sh") == "show\n");
  CHECK(shells.bash("countersign session ", "countersign session ''") == "list\nshow\nend\n");
  CHECK(shells.bash("countersign session end --a", "countersign session end --a") == "--all\n");
  CHECK(shells.bash("countersign account show al", "countersign account show al") == "alice\n");
  CHECK(shells.bash("countersign account show zo", "countersign account show zo") == "zoe\\ b\n");
  CHECK(shells.bash("countersign account show zoe\\ ", "countersign account show 'zoe\\ '") == "zoe\\ b\n");
  // It replaces what stands behind the last `@`.
  CHECK(shells.bash("countersign account show mina@ex", "countersign account show mina @ ex") == "example.org\n");
  CHECK(shells.bash("countersign account show mina@", "countersign account show mina @") == "example.org\n");
  CHECK(shells.bash("countersign backup ", "countersign backup ''") == "-o default\n\n");
  CHECK(shells.bash("countersign courier import ", "countersign courier import ''") == "-o dirnames\n\n");
}

TEST_CASE("zsh offers commands, options, names and files with what they are") {
  const Shells shells;
  CHECK(shells.zsh("countersign session sh") == "show:Show one session\n");
  CHECK(shells.zsh("countersign account show zo") == "zoe b\n");
  CHECK(shells.zsh("countersign account show 'zoe\\ '") == "zoe b\n");
  CHECK(shells.zsh("countersign account show mina@") == "mina@example.org\n");
  CHECK(shells.zsh("countersign backup ''") == "files\n");
  CHECK(shells.zsh("countersign courier import ''") == "files -/\n");
  CHECK(shells.zsh("countersign nothing ''").empty());
  CHECK(shells.zsh_of_fpath("countersign session sh") == "show:Show one session\n");
}

TEST_CASE("fish offers commands, options, names and files with what they are") {
  const Shells shells;
  CHECK(shells.fish("countersign session sh") == "show\tShow one session\n");
  CHECK(shells.fish("countersign account show zo") == "zoe b\n");
  CHECK(shells.fish("countersign account show mina@") == "mina@example.org\n");
  CHECK(shells.fish("countersign backup k").find("key.asc") != std::string::npos);
  CHECK(shells.fish("countersign courier import k").find("key.asc") == std::string::npos);
  CHECK(shells.fish("countersign courier import k").find("keys/") != std::string::npos);
  CHECK(shells.fish("countersign nothing ").empty());
}
