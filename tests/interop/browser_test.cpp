// A real browser before the pages, behind real proxies with the configurations of docs/operating/proxy.md. The stories
// are in tests/interop/browser/browser.mjs.
#include <unistd.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <iostream>
#include <memory>

#include "tests/support/program.hpp"
#include "tests/support/proxied_site.hpp"

using namespace countersign;
using namespace countersign::test;

namespace fs = std::filesystem;

namespace {

constexpr const char* kChromium = "/usr/bin/chromium";
const char* const kScripts = COUNTERSIGN_SOURCE "/tests/interop/browser";
const fs::path kInstalled = fs::path(COUNTERSIGN_SOURCE) / "build" / "browser";

// Whose server the stories start and end themselves: it listens at a port that is kept for it.
struct World : ProxiedSite {
  World() {
    upstream = "127.0.0.1:" + std::to_string(server_port.number());
    groups = "staff";
    installation.add_account("alice", alice.certificate());
    for (const char* name : {"carol", "dave"}) {
      installation.must({"account", "add", name, "--managed", "--password-file", "-"}, "correct horse\n");
    }
    for (const char* name : {"alice", "carol"}) installation.must({"account", "set", name, "--groups", "staff"});
    installation.set("pages", "on");
    installation.set("cookie_domain", "example.org");
    installation.set("password_login", "on");
    installation.set("rate_limit", "off");
  }

  // What was told: a line a story.
  void tell(Json world) {
    world.set("port", static_cast<std::int64_t>(port.number()))
        .set("server", static_cast<std::int64_t>(server_port.number()))
        .set("program", COUNTERSIGN_PROGRAM)
        .set("data", installation.data().string())
        .set("gnupg", alice.home.path())
        .set("curl", path("curl"))
        .set("chromium", kChromium);
    write_file(path("world.json"), write_json(world));
    const ProgramRun installed =
        run_program({COUNTERSIGN_SOURCE "/tests/interop/npm_install", kScripts, kInstalled.string()}, {}, {});
    INFO(installed.error << installed.output);
    REQUIRE(installed.exit_code == 0);
    const ProgramRun told = run_program(
        {"/usr/bin/env", "HOME=" + path("home"), "node", (kInstalled / "browser.mjs").string(), path("world.json")},
        "");
    std::cout << told.output;
    INFO(told.output << told.error);
    CHECK(told.exit_code == 0);
  }

  const KeptPort server_port;
  Installation installation;
  GnupgUser alice{"Alice"};
};

bool is_there(const char* program) {
  if (access(program, X_OK) == 0) return true;
  WARN(program << " is not installed: not shown here");
  return false;
}

}  // namespace

TEST_CASE("people log in with a browser behind nginx, and attacks on them fail") {
  if (!is_there(kChromium) || !is_there(kNginx)) return;
  World world;
  const auto nginx = world.start_nginx();
  world.tell(Json::object().set("denial", "the proxy's").set("pictures", COUNTERSIGN_SOURCE "/build/pictures"));
}

TEST_CASE("people log in with a browser behind Caddy") {
  if (!is_there(kChromium) || !is_there(kCaddy)) return;
  World world;
  const auto caddy = world.start_caddy();
  Json stories = Json::array();
  // The attacks do not depend on the proxy.
  for (const char* story :
       {"by pasting", "gives a code", "a password", "none of the groups", "after the session's end"}) {
    stories.push(story);
  }
  world.tell(Json::object().set("denial", "ours").set("stories", std::move(stories)));
}
