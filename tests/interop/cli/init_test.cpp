// `init` at a terminal, where somebody answers, and without one.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "cli/settings.hpp"
#include "tests/support/program.hpp"
#include "tests/support/pty.hpp"
#include "tests/support/unwrapped.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// A person at a terminal of their own, who types these lines and then ends the input; what the terminal showed, without
// the carriage returns.
struct Sitting {
  explicit Sitting(const std::string& typed, const std::string& arguments = "", const std::string& data = "") {
    std::vector<std::string> environment = {"HOME=" + home.path().string(), "XDG_STATE_HOME=", "LC_ALL=C.UTF-8",
                                            "COUNTERSIGN_DATA=" + data, "COLUMNS=200"};
    const std::string command = std::string(COUNTERSIGN_PROGRAM) + " init " + arguments;
    const ProgramRun run = run_program(
        {"timeout", "60", "script", "--quiet", "--return", "--command", command, "/dev/null"}, typed, environment);
    exit_code = run.exit_code;
    for (const char c : run.output) {
      if (c != '\r') shown += c;
    }
  }
  fs::path usual() const { return home.path() / ".local/state/countersign"; }
  cli::Settings settings(const fs::path& folder) const {
    return cli::read_settings(read_file(folder / "countersign.toml"), cli::Environment({}), {}).value();
  }
  bool shows(const std::string& text) const { return shown.find(text) != std::string::npos; }

  ScratchFolder home;
  int exit_code = -1;
  std::string shown;
};

}  // namespace

TEST_CASE("init asks at a terminal for what it was not given, and says what is next") {
  if (!Pty::offered()) return;
  const Sitting sitting("https://auth.example.org\n\n\n\n\n");
  INFO(sitting.shown);
  REQUIRE(sitting.exit_code == 0);
  const cli::Settings settings = sitting.settings(sitting.usual());
  CHECK(settings.server == "https://auth.example.org");
  CHECK(settings.trusted_proxies == std::vector<std::string>{"127.0.0.1/32", "::1/128"});
  CHECK(settings.listen.text() == "127.0.0.1:8420");
  CHECK_FALSE(settings.pages);
  CHECK(sitting.shows("Data folder [" + sitting.usual().string() + "]: "));
  CHECK(sitting.shows("\n  countersign account add NAME --public-key FILE\n"));
  CHECK(sitting.shows("\n  countersign serve\n"));
  CHECK(sitting.shows("\n  countersign server trust https://auth.example.org " + settings.fingerprint.upper() + "\n"));
}

TEST_CASE("init asks again for what a setting does not take") {
  if (!Pty::offered()) return;
  const Sitting sitting("two words\nhttps://auth.example.org\n~/my data\nnowhere\n10.0.0.0/8\n8420\n\nmaybe\non\n");
  INFO(sitting.shown);
  REQUIRE(sitting.exit_code == 0);
  const fs::path folder = sitting.home.path() / "my data";
  const cli::Settings settings = sitting.settings(folder);
  CHECK(settings.trusted_proxies == std::vector<std::string>{"10.0.0.0/8"});
  CHECK(settings.listen.text() == "0.0.0.0:8420");
  CHECK(settings.pages);
  CHECK(sitting.shows("trusted proxy nowhere: not an address"));
  CHECK(sitting.shows("HOST:PORT, for example 127.0.0.1:8420"));
  CHECK(sitting.shows("  countersign serve --insecure-http --data '" + folder.string() + "'\n"));
}

TEST_CASE("init asks for no folder where one is named, and for no pages where they cannot be") {
  if (!Pty::offered()) return;
  const bool by_variable = GENERATE(false, true);
  const ScratchFolder other;
  const std::string folder = (other.path() / "data").string();
  const Sitting sitting("auth\nnone\n127.0.0.1:9000\n", by_variable ? "" : "--data " + folder,
                        by_variable ? folder : "");
  INFO(sitting.shown);
  REQUIRE(sitting.exit_code == 0);
  CHECK_FALSE(sitting.shows("Data folder"));
  CHECK_FALSE(sitting.shows("Pages"));
  const cli::Settings settings = sitting.settings(folder);
  CHECK(settings.trusted_proxies.empty());
  CHECK(settings.listen.port == 9000);
  CHECK(sitting.shows("  countersign serve" + (by_variable ? "" : " --data " + folder) + "\n"));
}

TEST_CASE("init at a terminal asks nothing where it was given a server, and says what is next") {
  if (!Pty::offered()) return;
  const Sitting sitting("", "--server https://auth.example.org");
  INFO(sitting.shown);
  REQUIRE(sitting.exit_code == 0);
  CHECK_FALSE(sitting.shows("]: "));
  CHECK(sitting.settings(sitting.usual()).trusted_proxies.empty());
  CHECK(sitting.shows("\n  countersign serve\n"));
}

TEST_CASE("init makes nothing where the answers end") {
  if (!Pty::offered()) return;
  const Sitting sitting("https://auth.example.org\n\n");
  INFO(sitting.shown);
  CHECK(sitting.exit_code == 1);
  CHECK(sitting.shows("no answer was given; nothing was changed"));
  CHECK_FALSE(fs::exists(sitting.usual()));
}

TEST_CASE("init without a terminal asks nothing and says what is missing") {
  const ScratchFolder folder;
  const std::string data = (folder.path() / "data").string();
  const ProgramRun run =
      run_program({"timeout", "60", COUNTERSIGN_PROGRAM, "init", "--data", data}, "https://auth.example.org\n\n\n\n");
  CHECK(run.exit_code == 2);
  CHECK(run.output == "");
  CHECK(unwrapped(run.error).find("--server is required where nobody can be asked") != std::string::npos);
  CHECK_FALSE(fs::exists(data));
}
