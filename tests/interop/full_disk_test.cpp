// The real program on a disk that is full.
#include <sys/mount.h>

#include <catch2/catch.hpp>

#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

// The data folder of an installation becomes a small disk of its own, full to the last byte.
class FullDisk {
 public:
  explicit FullDisk(const Installation& installation, bool fills_up_later = false) : where_(installation.data()) {
    const fs::path aside = installation.folder() / "aside";
    fs::copy(where_, aside, fs::copy_options::recursive);
    mounted_ = ::mount("none", where_.c_str(), "tmpfs", 0, "size=16m,mode=0700") == 0;
    if (!mounted_) return;
    fs::copy(aside, where_, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    fs::permissions(where_ / "secrets", fs::perms::owner_all);
    if (!fills_up_later) fill_up();
  }
  void fill_up() const {
    run_program({"sh", "-c", "cat /dev/zero > \"$0\" 2> /dev/null || true", (where_ / "filler").string()}, "");
  }
  ~FullDisk() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  const fs::path where_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("a command takes rights away on a full disk, where the store cannot even be opened without the ballast") {
  const Installation installation;
  GnupgUser alice("Alice");
  installation.add_account("alice", alice.certificate());
  const FullDisk disk(installation);
  if (!disk.mounted()) {
    WARN("no file system may be mounted here, so the real disk is not tried");
    return;
  }
  REQUIRE(fs::exists(installation.data() / "ballast"));
  CHECK(installation.run({"account", "list"}).exit_code == 7);
  CHECK(installation.run({"account", "set", "alice", "--name", "Alice"}).exit_code == 7);
  CHECK(fs::exists(installation.data() / "ballast"));
  const ProgramRun run = installation.run({"revoke", "alice", "--reason", "key_compromised"});
  INFO(run.error);
  CHECK(run.exit_code == 0);
  CHECK(run.error.find("alarm ballast released") != std::string::npos);
  CHECK_FALSE(fs::exists(installation.data() / "ballast"));
  CHECK(field(installation.json({"account", "show", "alice"}), "state") == "revoked");
}

TEST_CASE("a password is removed and sessions are ended on a full disk") {
  const std::vector<std::vector<std::string>> commands = {{"password", "remove", "alice"},
                                                          {"session", "end", "alice", "--all"}};
  for (const auto& command : commands) {
    CAPTURE(command.front());
    const Installation installation;
    GnupgUser alice("Alice");
    installation.add_account("alice", alice.certificate());
    REQUIRE(installation.run({"password", "set", "alice", "--password-file", "-"}, "correct horse").exit_code == 0);
    const FullDisk disk(installation);
    if (!disk.mounted()) {
      WARN("no file system may be mounted here, so the real disk is not tried");
      return;
    }
    const ProgramRun run = installation.run(command);
    INFO(run.error);
    CHECK(run.exit_code == 0);
    CHECK(run.error.find("alarm ballast released") != std::string::npos);
  }
}

TEST_CASE("a server on a disk that fills up is not ready, and status says that it could not work") {
  const Installation installation;
  const FullDisk disk(installation, true);
  if (!disk.mounted()) {
    WARN("no file system may be mounted here, so the real disk is not tried");
    return;
  }
  const RunningServer server(installation);
  CHECK(server.get("/readyz").status == 200);
  disk.fill_up();
  const WireReply full = server.get("/readyz");
  CHECK(full.status == 503);
  CHECK(full.body.find("the disk of the store is full: make room") != std::string::npos);
  CHECK(server.get("/healthz").status == 200);
  fs::remove(installation.data() / "filler");
  CHECK(server.get("/readyz").status == 200);
}
