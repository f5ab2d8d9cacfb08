// A start fails closed, and what goes wrong around the program is told to whoever runs it.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>

#include "tests/support/program.hpp"
#include "tests/support/unwrapped.hpp"
#include "tests/support/waiting.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

fs::path secret_named(const Installation& installation, std::string_view begin) {
  for (const fs::path& file : files_beneath(installation.secrets())) {
    if (file.filename().string().starts_with(begin)) return file;
  }
  throw std::runtime_error("no secret " + std::string(begin));
}

void replace_in(const fs::path& file, const std::string& before, const std::string& after) {
  std::string text = read_file(file);
  const auto at = text.find(before);
  if (at == std::string::npos) throw std::runtime_error("no " + before + " in " + file.string());
  text.replace(at, before.size(), after);
  write_file(file, text);
}

// Neither serves nor lists.
void check_refused(const Installation& installation, int exit_code, const std::string& said) {
  const ProgramRun served = refused_start(installation);
  INFO(served.error);
  CHECK(served.exit_code == exit_code);
  CHECK(served.error.find(" serving ") == std::string::npos);
  CHECK(unwrapped(served.error).find(said) != std::string::npos);
  const ProgramRun listed = installation.run({"account", "list"});
  CHECK(listed.exit_code == exit_code);
  CHECK(listed.output.empty());
}

}  // namespace

TEST_CASE("S76 files that others can use keep the server from starting") {
  const std::string storage = GENERATE("sqlite", "directory");
  const Installation installation(storage);
  const auto open_up = [&](const fs::path& path, fs::perms to) {
    INFO(path);
    const fs::perms before = fs::status(path).permissions();
    fs::permissions(path, to);
    check_refused(installation, 8, path.filename().string());
    fs::permissions(path, before);
  };
  constexpr fs::perms kGroupReads = fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read;
  constexpr fs::perms kOthersEnter = fs::perms::owner_all | fs::perms::others_exec;
  open_up(installation.data(), kOthersEnter);
  open_up(installation.secrets(), kOthersEnter);
  for (const char* secret : {"seal-", "record-", "decoy-", "server.key", "floor"}) {
    open_up(secret_named(installation, secret), kGroupReads);
  }
  if (storage == "sqlite") {
    open_up(installation.data() / "store.db", kGroupReads);
  } else {
    open_up(installation.data() / "store", kOthersEnter);
  }
  CHECK(installation.run({"account", "list"}).exit_code == 0);
}

TEST_CASE("S76 a secret that is missing or damaged keeps the server from starting") {
  const Installation installation;
  for (const char* name : {"seal-", "record-", "decoy-", "server.key", "floor"}) {
    const fs::path file = secret_named(installation, name);
    const std::string good = read_file(file);
    const fs::path away = installation.folder() / "away";
    INFO(name);
    fs::rename(file, away);
    check_refused(installation, 8, "");
    fs::rename(away, file);
    for (const std::string& bad : {std::string(), std::string("x"), good.substr(0, good.size() / 2), good + "x"}) {
      write_file(file, bad);
      INFO(bad);
      check_refused(installation, 8, "");
    }
    write_file(file, good);
  }
  CHECK(installation.run({"account", "list"}).exit_code == 0);
}

TEST_CASE("S76 the server does not start with another key than its own") {
  const Installation installation;
  const Installation other;
  const std::string good = read_file(secret_named(installation, "server.key"));
  write_file(secret_named(installation, "server.key"), read_file(secret_named(other, "server.key")));
  check_refused(installation, 8, "");
  write_file(secret_named(installation, "server.key"), good);

  const fs::path settings = installation.data() / "countersign.toml";
  const std::string before = read_file(settings);
  replace_in(settings, installation.fingerprint(), other.fingerprint());
  check_refused(installation, 8, other.fingerprint());
  write_file(settings, before);
  replace_in(settings, kServerName, "https://elsewhere.example.org");
  check_refused(installation, 8, "https://elsewhere.example.org");
  write_file(settings, before);
  CHECK(installation.run({"account", "list"}).exit_code == 0);
}

TEST_CASE("S76 another store under the same secrets keeps the server from starting") {
  const Installation installation;
  const Installation other;
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(installation.data() / (std::string("store.db") + end));
  fs::copy_file(other.data() / "store.db", installation.data() / "store.db");
  fs::permissions(installation.data() / "store.db", fs::perms::owner_read | fs::perms::owner_write);
  if (fs::exists(other.data() / "store.db-wal")) {
    fs::copy_file(other.data() / "store.db-wal", installation.data() / "store.db-wal");
  }
  // As from a server whose secrets were not restored along with it: waiting mends nothing.
  check_refused(installation, 8, "do not belong together");
}

TEST_CASE("S76 a damaged or absent or foreign database keeps the server from starting") {
  const Installation installation;
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const fs::path database = installation.data() / "store.db";
  const std::string good = read_file(database);
  REQUIRE(good.size() > 4096);
  for (const std::string& bad : {std::string("not a database at all"), std::string(good).replace(0, 16, 16, 'x')}) {
    write_file(database, bad);
    check_refused(installation, 8, "");
  }
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(installation.data() / (std::string("store.db") + end));
  check_refused(installation, 8, "store.db");
  // It made no new one in its place.
  CHECK(!fs::exists(database));
}

TEST_CASE("S76 a store that went back in time keeps the server from starting") {
  const std::string storage = GENERATE("sqlite", "directory");
  const Installation installation(storage);
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const fs::path old = installation.folder() / "old";
  fs::copy(installation.data(), old, fs::copy_options::recursive);
  installation.must({"session", "end", "alice", "--all"});
  for (const auto& entry : fs::directory_iterator(installation.data())) {
    if (entry.path().filename().string().starts_with("store")) fs::remove_all(entry.path());
  }
  for (const auto& entry : fs::directory_iterator(old)) {
    if (!entry.path().filename().string().starts_with("store")) continue;
    fs::copy(entry.path(), installation.data() / entry.path().filename(), fs::copy_options::recursive);
  }
  check_refused(installation, 8, "medium_restored");
}

TEST_CASE("a damaged record denies and is named to the administrator and to nobody else") {
  const Installation installation("directory");
  GnupgUser alice("Alice");
  GnupgUser bob("Bob");
  const std::string account = installation.add_account("alice", alice.certificate());
  installation.add_account("bob", bob.certificate());
  const RunningServer server(installation);
  const std::string response = alice.answer(server.post_form("/v1/challenge", "username=alice").body);
  const std::string unknown = server.post_text("/v1/session", "-----BEGIN PGP SIGNED MESSAGE-----\n").body;
  const std::string record = GENERATE(std::string(".account"), std::string(".pub"));
  fs::path file;
  for (const fs::path& one : files_beneath(installation.data() / "store")) {
    if (one.filename().string() == account + record) file = one;
  }
  REQUIRE(!file.empty());
  std::string bytes = read_file(file);
  // Within a value, so that what was changed is the meaning and not the form.
  const std::size_t at = record == ".account" ? bytes.find("alice") : bytes.size() / 2;
  bytes[at] = bytes[at] == 'A' ? 'B' : 'A';
  write_file(file, bytes);

  const WireReply denied = server.post_text("/v1/session", response);
  CHECK(denied.status == 401);
  CHECK(denied.body.find("tampered") == std::string::npos);
  CHECK(server.post_form("/v1/challenge", "username=alice").status == 200);
  CHECK(comes_true([&] { return server.log().find("record_") != std::string::npos; }));
  const WireReply other =
      server.post_text("/v1/session", bob.answer(server.post_form("/v1/challenge", "username=bob").body));
  CHECK(other.status == 201);
  if (record == ".account") {
    CHECK(installation.run({"account", "show", "alice"}).exit_code == 8);
    CHECK(installation.run({"session", "end", "alice", "--all"}).exit_code == 8);
    const ProgramRun list = installation.run({"account", "list"});
    CHECK(list.exit_code == 8);
    CHECK(list.output.find("record_tampered") != std::string::npos);
    CHECK(list.output.find("bob") != std::string::npos);
    CHECK(unwrapped(list.error).find(account) != std::string::npos);
  }
}

TEST_CASE("S69 a plain address that others reach needs a word of consent") {
  const Installation installation;
  for (const std::string address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    const ProgramRun refused = refused_start(installation, {"--listen", address});
    INFO(refused.error);
    CHECK(refused.exit_code == 2);
    CHECK(refused.error.find("--insecure-http") != std::string::npos);
  }
  const RunningServer server(installation, {"--listen", "0.0.0.0:0", "--insecure-http"});
  CHECK(server.get("/healthz").status == 200);
}

TEST_CASE("a setting that names another kind of store than there is says which one there is") {
  const Installation installation("sqlite");
  installation.set("storage", "directory");
  const ProgramRun run = installation.run({"account", "list"});
  CHECK(run.exit_code == 2);
  CHECK(unwrapped(run.error).find("holds a store of the kind \"sqlite\", " +
                                  (installation.data() / "store.db").string()) != std::string::npos);
}

TEST_CASE("a server whose store was moved away says so, and is not ready until it is back") {
  const Installation installation(GENERATE("sqlite", "directory"));
  const RunningServer server(installation);
  const fs::path sqlite = installation.data() / "store.db";
  const fs::path store = fs::exists(sqlite) ? sqlite : installation.data() / "store";
  const fs::path away = installation.folder() / "away";
  fs::rename(store, away);
  CHECK(comes_true([&] { return server.log().find("the store was moved away") != std::string::npos; }));
  const WireReply gone = server.get("/readyz");
  CHECK(gone.status == 503);
  fs::rename(away, store);
  CHECK(server.get("/readyz").status == 200);
}

TEST_CASE("a second server on a taken port says so and leaves the first alone") {
  const Installation installation;
  const RunningServer first(installation);
  const ProgramRun second = refused_start(installation, {"--listen", "127.0.0.1:" + std::to_string(first.port())});
  CHECK(second.exit_code == 1);
  CHECK(second.error.find("Address already in use") != std::string::npos);
  CHECK(second.error.find("no answer from the server") == std::string::npos);
  CHECK(first.get("/readyz").status == 200);
}

TEST_CASE("init makes a store once and leaves nothing where it fails") {
  const Installation installation;
  const std::string before = read_file(installation.data() / "countersign.toml");
  CHECK(installation.run({"init", "--server", kServerName}).exit_code == 5);
  CHECK(read_file(installation.data() / "countersign.toml") == before);
  const fs::path under_file = installation.data() / "countersign.toml" / "data";
  CHECK(installation.run({"init", "--server", kServerName, "--data", under_file.string()}).exit_code == 7);
  CHECK_FALSE(fs::exists(installation.data() / ".init"));
  for (const fs::path& path : {installation.data(), installation.secrets()}) {
    CHECK((fs::status(path).permissions() & fs::perms::all) == fs::perms::owner_all);
  }
  for (const fs::path& file : files_beneath(installation.data())) {
    INFO(file);
    CHECK((fs::status(file).permissions() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
  }
}

TEST_CASE("a client without GnuPG or without the key says which it is") {
  const Installation installation;
  GnupgUser alice("Alice");
  const GnupgHome empty;
  installation.add_account("alice", alice.certificate());
  const std::string challenge = installation.must({"challenge", "alice"});
  auto environment = installation.environment(&alice.home);
  environment.emplace_back("PATH=/nonexistent");
  const ProgramRun without = run_program({COUNTERSIGN_PROGRAM, "respond"}, challenge, environment);
  CHECK(without.exit_code == 1);
  CHECK(unwrapped(without.error).find("not installed") != std::string::npos);
  const ProgramRun keyless = installation.run({"respond"}, challenge, &empty);
  CHECK(keyless.exit_code == 3);
  CHECK(unwrapped(keyless.error).find("none of your keys") != std::string::npos);
}
