// Backups and restores with the real program.
#include <signal.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

std::string log_in(const RunningServer& server, GnupgUser& user) {
  const std::string challenge = server.post_form("/v1/challenge", "username=alice").body;
  const WireReply reply = server.post_text("/v1/session", user.answer(challenge));
  INFO(reply.body);
  REQUIRE(reply.status == 201);
  return field(json_of(reply.body), "token");
}

// Everything of the medium, and nothing else of the data folder.
bool is_of_store(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("store");
}

void copy_store(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    if (is_of_store(entry.path())) fs::copy(entry.path(), to / entry.path().filename(), fs::copy_options::recursive);
  }
}

void remove_store(const fs::path& folder) {
  std::vector<fs::path> gone;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (is_of_store(entry.path())) gone.push_back(entry.path());
  }
  for (const fs::path& path : gone) fs::remove_all(path);
}

std::string state_of(const Installation& installation, const std::string& user) {
  return field(installation.json({"account", "show", user}), "state");
}

}  // namespace

TEST_CASE("a backup made beside a running server goes back into every kind of store") {
  const std::string from = GENERATE("sqlite", "directory");
  const std::string to = GENERATE("sqlite", "directory");
  const Installation installation(from);
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const fs::path backup = installation.folder() / "backup";
  std::string token;
  std::string challenge;
  {
    RunningServer server(installation);
    token = log_in(server, alice);
    challenge = server.post_form("/v1/challenge", "username=alice").body;
    const ProgramRun run = installation.run({"backup", backup.string()});
    CHECK(run.exit_code == 0);
    CHECK(run.error.find("secrets are not in it") != std::string::npos);
    CHECK((fs::status(backup).permissions() & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
    // A restore wants the store for itself.
    const ProgramRun beside = installation.run({"restore", backup.string(), "--replace", "--yes"});
    CHECK(beside.exit_code == 7);
    CHECK(beside.error.find("has to end first") != std::string::npos);
    CHECK(server.session_status(token) == 200);
    CHECK(server.stop(SIGTERM) == 0);
  }
  const std::string before = installation.dump();
  const ProgramRun refused = installation.run({"restore", backup.string()});
  CHECK(refused.exit_code == 5);
  CHECK(refused.error.find("--replace") != std::string::npos);
  CHECK(installation.dump() == before);
  // A store of the other kind is an empty place for it.
  const fs::path settings = installation.data() / "countersign.toml";
  std::string text = read_file(settings);
  const auto line = text.find("storage = \"" + from + "\"");
  const auto start = text.rfind('\n', line) + 1;  // the default stands behind a '#'
  text.replace(start, text.find('\n', line) - start, "storage = \"" + to + "\"");
  write_file(settings, text);
  std::vector<std::string> restore = {"restore", backup.string()};
  if (from == to) restore.insert(restore.end(), {"--replace", "--yes"});
  installation.must(restore);
  RunningServer server(installation);
  CHECK(server.session_status(token) == 401);
  CHECK(server.post_text("/v1/session", alice.answer(challenge)).status == 401);
  CHECK(server.session_status(log_in(server, alice)) == 200);
  CHECK(installation.run({"audit", "verify"}).exit_code == 0);
}

TEST_CASE("a backup is restored on another host with a copy of the settings and the secrets") {
  const Installation installation;
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const std::string backup = installation.must({"backup", "-"});
  const fs::path host = installation.folder() / "host";
  fs::create_directory(host);
  fs::permissions(host, fs::perms::owner_all);
  fs::copy(installation.data() / "countersign.toml", host);
  fs::copy(installation.secrets(), host / "secrets", fs::copy_options::recursive);
  const auto there = [&](std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin(), COUNTERSIGN_PROGRAM);
    arguments.insert(arguments.end(), {"--data", host.string()});
    return run_program(arguments, input);
  };
  CHECK(there({"restore", "-"}, backup.substr(0, backup.size() - 1)).exit_code != 0);
  CHECK(there({"account", "list"}).exit_code == 8);
  CHECK(there({"restore", "-"}, backup).exit_code == 0);
  const ProgramRun listed = there({"account", "list"});
  CHECK(listed.exit_code == 0);
  CHECK(listed.output.find("alice") != std::string::npos);
}

TEST_CASE("a store that was put back by other means is accepted, brought up to date and then served") {
  const std::string storage = GENERATE("sqlite", "directory");
  const Installation installation(storage);
  GnupgUser alice("Alice");
  GnupgUser bob("Bob");
  installation.add_account("alice", alice.certificate());
  installation.add_account("bob", bob.certificate());
  copy_store(installation.data(), installation.folder() / "image");
  installation.must({"revoke", "alice", "--reason", "key_compromised"});
  installation.must({"revoke", "bob", "--reason", "key_compromised"});
  const std::string list = (installation.folder() / "revocations.asc").string();
  installation.must({"revocation", "export", list});
  remove_store(installation.data());
  copy_store(installation.folder() / "image", installation.data());
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& said) {
    const ProgramRun run = installation.run(arguments);
    INFO(run.error);
    CHECK(run.exit_code == 8);
    CHECK(run.error.find(said) != std::string::npos);
  };
  refused({"account", "list"}, "countersign restore --accept");
  refused({"revocation", "apply", list}, "countersign restore --accept");
  SECTION("with the list of revocations") {
    refused({"restore", "--accept"}, "revocations 1 to 2 are missing");
    refused({"restore", "--accept"}, "countersign revocation apply");
    refused({"account", "list"}, "countersign revocation apply");
    CHECK(refused_start(installation).exit_code == 8);
    installation.must({"revocation", "apply", list});
    CHECK(state_of(installation, "alice") == "revoked");
    CHECK(state_of(installation, "bob") == "revoked");
  }
  SECTION("without it, and somebody says so") {
    CHECK(installation.run({"restore", "--accept-lost-revocations"}).exit_code == 2);
    installation.must({"restore", "--accept-lost-revocations", "--yes"});
    CHECK(state_of(installation, "alice") == "active");
    CHECK(installation.must({"audit", "list", "--full"}).find("revocations 1 to 2 are given up as lost") !=
          std::string::npos);
  }
  CHECK(installation.run({"restore", "--accept"}).exit_code == 5);
  CHECK(installation.run({"audit", "verify"}).exit_code == 0);
  const RunningServer server(installation);
  CHECK(server.get("/readyz").status == 200);
}

TEST_CASE("a restore that was stopped is brought to its end by whoever comes next") {
  const std::string storage = GENERATE("sqlite", "directory");
  const Installation installation(storage);
  GnupgUser alice("Alice");
  GnupgUser bob("Bob");
  installation.add_account("alice", alice.certificate());
  const fs::path backup = installation.folder() / "backup";
  installation.must({"backup", backup.string()});
  installation.add_account("bob", bob.certificate());
  // As a restore leaves it that was killed right after its promise.
  fs::copy(backup, installation.data() / "restore.pending");
  const std::string listed = installation.must({"account", "list"});
  CHECK(listed.find("alice") != std::string::npos);
  CHECK(listed.find("bob") == std::string::npos);
  CHECK_FALSE(fs::exists(installation.data() / "restore.pending"));
}

TEST_CASE("a backup that is cut off or changed leaves the store as it was") {
  const std::string storage = GENERATE("sqlite", "directory");
  const Installation installation(storage);
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const fs::path backup = installation.folder() / "backup";
  installation.must({"backup", backup.string()});
  const std::string good = read_file(backup);
  const std::string before = installation.dump();
  std::vector<std::string> bad = {
      "",         good.substr(0, 100), good.substr(0, good.size() / 2), good.substr(0, good.size() - 1),
      good + "x", "not a backup\n"};
  for (std::size_t at = 7; at < good.size(); at += good.size() / 5) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    bad.push_back(changed);
  }
  for (const std::string& text : bad) {
    write_file(backup, text);
    CHECK(installation.run({"restore", backup.string(), "--replace", "--yes"}).exit_code != 0);
  }
  CHECK(installation.run({"restore", (installation.folder() / "none").string(), "--replace", "--yes"}).exit_code == 3);
  CHECK(installation.dump() == before);
  CHECK(files_beneath(installation.data()).size() > 0);
  for (const auto& entry : fs::directory_iterator(installation.data())) {
    CHECK_FALSE(entry.path().filename().string().starts_with("restore"));
  }
}

TEST_CASE("what a restore and a backup cannot be asked for is a usage error") {
  const Installation installation;
  const fs::path backup = installation.folder() / "backup";
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"backup"},
                                                    {"backup", "-", "--json"},
                                                    {"restore"},
                                                    {"restore", backup.string(), "--accept"},
                                                    {"restore", "--replace"}}) {
    CHECK(installation.run(arguments).exit_code == 2);
  }
  CHECK(installation.run({"restore", "--accept"}).exit_code == 5);
  CHECK(installation.run({"backup", "/nowhere/at/all"}).exit_code == 1);
}

TEST_CASE("a restore that is killed at any time leaves the old store or becomes the new one") {
  const std::string storage = GENERATE("sqlite", "directory");
  const Installation installation(storage);
  GnupgUser alice("Alice");
  GnupgUser late("Late");
  installation.add_account("alice", alice.certificate());
  const std::string backup = (installation.folder() / "backup").string();
  installation.must({"backup", backup});
  std::size_t killed = 0;
  bool is_new = true;
  for (int wait_ms = 2; wait_ms <= 80; wait_ms += 6) {
    if (is_new) installation.add_account("late", late.certificate());
    const std::string restore = "'" COUNTERSIGN_PROGRAM "' restore '" + backup + "' --replace --yes --data '" +
                                installation.data().string() + "' >/dev/null 2>&1 & p=$!; sleep 0.0" +
                                (wait_ms < 10 ? "0" : "") + std::to_string(wait_ms) +
                                "; kill -9 $p 2>/dev/null; wait $p";
    killed += run_program({"sh", "-c", restore}, "").exit_code == 128 + SIGKILL ? 1 : 0;
    const std::string listed = installation.must({"account", "list"});
    CAPTURE(storage, wait_ms, listed);
    CHECK(listed.find("alice") != std::string::npos);
    is_new = listed.find("late") == std::string::npos;
    CHECK(installation.run({"audit", "verify"}).exit_code == 0);
    CHECK_FALSE(fs::exists(installation.data() / "restore.pending"));
  }
  CHECK(killed > 0);
}

TEST_CASE("no backup and no list takes the place of the store, the settings or a secret") {
  const Installation installation;
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const auto link = installation.folder() / "link";
  fs::create_directory_symlink(installation.secrets(), link);
  for (const fs::path& file :
       {installation.data() / "store.db", installation.data() / "countersign.toml",
        installation.secrets() / "server.key", link / "server.key", installation.data() / "a new one"}) {
    CAPTURE(file);
    CHECK(installation.run({"backup", file.string()}).exit_code == 2);
    CHECK(installation.run({"revocation", "export", file.string()}).exit_code == 2);
    CHECK(installation.run({"audit", "archive", file.string(), "--before", "2100-01-01"}).exit_code == 2);
  }
  CHECK(field(installation.json({"account", "show", "alice"}), "state") == "active");
  CHECK(installation.run({"backup", (installation.folder() / "store.backup").string()}).exit_code == 0);
}
