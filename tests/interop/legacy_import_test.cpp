// A folder that the Go libraries wrote, taken over by the real program: its people log in with their old passwords and,
// by stock GnuPG, with the keys that the predecessor kept for them.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include <sstream>

#include "cli/app.hpp"
#include "tests/support/legacy.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;
using auth::records::AccountPart;

std::string fixture() {
  return legacy_fixture(kLegacyFolder).string();
}

// Every file with its content, mode and times of change.
std::string picture_of(const fs::path& folder) {
  std::string picture;
  auto files = files_beneath(folder);
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    picture += file.string() + " " + std::to_string(facts.st_mode) + " " + std::to_string(facts.st_mtim.tv_nsec) + " " +
               std::to_string(facts.st_ctim.tv_nsec) + " " + read_file(file) + "\n";
  }
  return picture;
}

WireReply log_in(const RunningServer& server, const std::string& username, const std::string& password) {
  return server.post_json("/v1/session", Json::object().set("username", username).set("password", password));
}

// The person with their secret key, as its passphrase opens it.
class KeyHolder {
 public:
  explicit KeyHolder(LegacyPerson person) : person_(std::move(person)) {
    home_.must({"--passphrase", person_.password, "--import",
                (legacy_fixture(kLegacyFolder) /
                 auth::records::part_name(person_.account, auth::records::AccountPart::escrowed_key))
                    .string()});
    key_ = home_.fingerprints(person_.account).at(0);
  }
  std::string answer(const std::string& message) {
    const ProgramRun opened = home_.decrypt(message, {"--passphrase", person_.password});
    INFO(opened.error);
    REQUIRE(!opened.output.empty());  // gpg fails all the same: it does not know the server's key
    return home_.clearsign(key_, opened.output, {"--passphrase", person_.password});
  }

 private:
  LegacyPerson person_;
  GnupgHome home_;
  std::string key_;
};

}  // namespace

TEST_CASE("people of the predecessor log in with their old password and their old key") {
  for (const std::string storage : {"sqlite", "directory"}) {
    CAPTURE(storage);
    const Installation installation(storage);
    const std::string before = picture_of(fixture());
    const Json summary = installation.json({"account", "import-legacy", fixture()});
    CHECK(field(summary, "found") == "7");
    CHECK(field(summary, "taken_over") == "6");
    CHECK(field(summary, "left_out") == "1");
    CHECK(field(summary, "revoked") == "1");
    CHECK(field(summary, "denied") == "1");
    CHECK(picture_of(fixture()) == before);
    const std::string once = installation.dump();
    CHECK(field(installation.json({"account", "import-legacy", fixture()}), "present") == "6");
    CHECK(installation.dump() == once);

    const RunningServer server(installation);
    for (const char* const username : {"Ada Lovelace", "grace", "Barbara", "hedy"}) {
      CAPTURE(username);
      const LegacyPerson person = legacy_person(username);
      CHECK(field(installation.json({"account", "show", person.account}), "username").empty());
      CHECK(log_in(server, username, person.password + "?").status == 401);
      const WireReply opened = log_in(server, username, person.password);
      INFO(opened.body);
      REQUIRE(opened.status == 201);
      CHECK(field(json_of(opened.body), "username") == username);
      const Json shown = installation.json({"account", "show", username});
      CHECK(field(shown, "account") == person.account);
      CHECK(field(shown, "username") == username);
      CHECK(field(shown, "password") == "argon2id");
    }
    CHECK(log_in(server, "leslie", legacy_person("leslie").password).status == 401);
    CHECK(log_in(server, "server", legacy_person("server").password).status == 401);
  }
}

TEST_CASE("an imported account learns its name from a login by key, over HTTP and by stick") {
  const Installation installation;
  installation.must({"account", "import-legacy", fixture()});
  const LegacyPerson ada = legacy_person("Ada Lovelace");
  const LegacyPerson hedy = legacy_person("hedy");
  {
    const RunningServer server(installation);
    KeyHolder holder(ada);
    const WireReply challenge = server.post_json("/v1/challenge", Json::object().set("username", ada.username));
    REQUIRE(challenge.status == 200);
    const WireReply opened = server.post_text("/v1/session", holder.answer(challenge.body));
    INFO(opened.body);
    REQUIRE(opened.status == 201);
    CHECK(field(json_of(opened.body), "username") == ada.username);
    CHECK(field(installation.json({"account", "show", ada.account}), "username") == ada.username);
  }
  KeyHolder holder(hedy);
  const std::string challenge = installation.must({"challenge", hedy.username});
  CHECK(challenge.find("hedy") == std::string::npos);
  installation.must({"redeem", "-"}, holder.answer(challenge));
  CHECK(field(installation.json({"account", "show", hedy.account}), "username") == hedy.username);
}

TEST_CASE("the import is refused with the exit code of what is wrong, and changes nothing") {
  const Installation installation;
  const std::string before = installation.dump();
  CHECK(installation.run({"account", "import-legacy", "/nowhere"}).exit_code == 1);
  LegacyScratch folder;
  folder.take("grace");
  write_file(folder.users() / "README", "x");
  const ProgramRun refused = installation.run({"account", "import-legacy", folder.path()});
  CHECK(refused.exit_code == 2);
  CHECK(refused.error.find("README") != std::string::npos);
  CHECK(refused.error.find("--skip-strays") != std::string::npos);
  CHECK(installation.dump() == before);
  const Json summary = installation.json({"account", "import-legacy", "--skip-strays", "--dry-run", folder.path()});
  CHECK(field(summary, "taken_over") == "1");
  CHECK(installation.dump() == before);
  CHECK(field(installation.json({"account", "import-legacy", "--skip-strays", folder.path()}), "taken_over") == "1");
}

TEST_CASE("a denied account of the predecessor is let in by an administrator, by its id") {
  const Installation installation;
  LegacyScratch folder;
  folder.take("grace");
  const LegacyPerson grace = legacy_person("grace");
  folder.erase(grace.account, auth::records::AccountPart::revocation);
  installation.must({"account", "import-legacy", folder.path()});
  const RunningServer server(installation);
  CHECK(log_in(server, "grace", grace.password).status == 401);
  installation.must({"account", "restore", grace.account, "--yes"});
  CHECK(log_in(server, "grace", grace.password).status == 201);
}

TEST_CASE("an import draws a bar on a terminal and nothing elsewhere") {
  const Installation installation;
  const auto talk_of = [&](bool is_tty) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    cli::Terminal::Shape shape;
    shape.err_is_tty = is_tty;
    cli::Terminal terminal(in, out, err, shape);
    const cli::Environment environment({{"COUNTERSIGN_DATA", installation.data().string()}});
    REQUIRE(cli::run_app({"account", "import-legacy", fixture(), "--dry-run"}, terminal, environment) ==
            cli::ExitCode::ok);
    return err.str();
  };
  CHECK(talk_of(true).find("[###......................] 1 of 7 accounts") != std::string::npos);
  CHECK(talk_of(true).find("[#########################] 7 of 7 accounts") != std::string::npos);
  CHECK(talk_of(false).find("accounts") == std::string::npos);
}
