#include "auth/client/known_servers.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

using namespace countersign;
using namespace countersign::auth;
using namespace countersign::auth::client;
using auth::Fingerprint;

namespace {

const std::string kDigits = "102D44058634D44D92867BC1950DD5666EB335D4";
const std::string kOtherDigits = "7E83D657744F8AD2656B40035C27A52981F1F86B";
const std::string kHead = "countersign-known-servers-v1\n";

Fingerprint key(const std::string& digits) {
  return *Fingerprint::parse(digits);
}

class Folder {
 public:
  Folder() {
    std::string name = "/tmp/known_servers_test_XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path file() const { return path_ / "config" / "countersign" / "known_servers"; }

 private:
  std::filesystem::path path_;
};

mode_t mode_of(const std::filesystem::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

}  // namespace

TEST_CASE("an absent file knows nobody") {
  const Folder folder;
  REQUIRE(client::KnownServers::load(folder.file())->all().empty());
}

TEST_CASE("a trusted server is found again by name, and its file is the user's alone") {
  const Folder folder;
  REQUIRE(trust_server(folder.file(), {"https://b.example", key(kDigits), ""}).has_value());
  REQUIRE(trust_server(folder.file(), {"a", key(kOtherDigits), "http://127.0.0.1:8420"}).has_value());
  const auto servers = client::KnownServers::load(folder.file());
  REQUIRE(servers.has_value());
  REQUIRE(servers->all().size() == 2);
  REQUIRE(servers->find("https://b.example")->key == key(kDigits));
  REQUIRE(servers->find("a")->url == "http://127.0.0.1:8420");
  REQUIRE(servers->find("https://b.example/") == nullptr);
  REQUIRE(mode_of(folder.file()) == 0600);
  REQUIRE(mode_of(folder.file().parent_path()) == 0700);
}

TEST_CASE("a known name does not get another key without being forgotten first") {
  const Folder folder;
  REQUIRE(trust_server(folder.file(), {"a", key(kDigits), ""}).has_value());
  const Status again = trust_server(folder.file(), {"a", key(kOtherDigits), ""});
  REQUIRE(!again);
  REQUIRE(again.error().code == ErrorCode::conflict);
  REQUIRE(client::KnownServers::load(folder.file())->find("a")->key == key(kDigits));
  REQUIRE(client::forget_server(folder.file(), "a").has_value());
  REQUIRE(trust_server(folder.file(), {"a", key(kOtherDigits), ""}).has_value());
}

TEST_CASE("forgetting a server that is not known says so") {
  const Folder folder;
  REQUIRE(client::forget_server(folder.file(), "a").error().code == ErrorCode::server_unknown);
}

TEST_CASE("S76 a file that others may read or write, or that is a link, is refused") {
  const Folder folder;
  REQUIRE(trust_server(folder.file(), {"a", key(kDigits), ""}).has_value());
  REQUIRE(::chmod(folder.file().c_str(), 0666) == 0);
  REQUIRE(client::KnownServers::load(folder.file()).error().code == ErrorCode::file_refused);
  REQUIRE(::chmod(folder.file().c_str(), 0600) == 0);
  const std::filesystem::path moved = folder.file().string() + "2";
  std::filesystem::rename(folder.file(), moved);
  std::filesystem::create_symlink(moved, folder.file());
  REQUIRE(client::KnownServers::load(folder.file()).error().code == ErrorCode::file_refused);
}

TEST_CASE("comments and empty lines are read over") {
  const auto servers = client::KnownServers::parse(kHead + "# mine\n\na " + kDigits + "\n");
  REQUIRE(servers.has_value());
  REQUIRE(servers->write() == kHead + "a " + kDigits + "\n");
}

TEST_CASE("S74 another version of the file is refused by name") {
  const auto servers = client::KnownServers::parse("countersign-known-servers-v2\n");
  REQUIRE(servers.error().code == ErrorCode::unknown_version);
  REQUIRE(servers.error().detail == "countersign-known-servers-v2");
}

TEST_CASE("a damaged file is refused as a whole, never read in part") {
  const std::string good = "a " + kDigits + "\n";
  const std::string damaged[] = {"",
                                 good,
                                 kHead + "a\n",
                                 kHead + "a " + kDigits.substr(1) + "\n",
                                 kHead + "a " + kDigits,
                                 kHead + "a  " + kDigits + "\n",
                                 kHead + "a " + kDigits + " \n",
                                 kHead + "a " + kDigits + " http://x y\n",
                                 kHead + "a " + kDigits + " ftp://x\n",
                                 kHead + "a " + std::string(40, '0') + "\n",
                                 kHead + "a\x1b " + kDigits + "\n",
                                 kHead + good + good,
                                 kHead + good + "a " + kOtherDigits + "\n"};
  for (const std::string& text : damaged) {
    INFO(text);
    const auto servers = client::KnownServers::parse(text);
    REQUIRE(!servers);
    REQUIRE(servers.error().code == ErrorCode::file_refused);
  }
}

TEST_CASE("a name or URL that cannot stand in the file is refused before it is written") {
  client::KnownServers servers;
  for (const char* name : {"", "a b", "#a", "a\nb", "\xe2\x80\xae"}) {
    INFO(name);
    REQUIRE(servers.trust({name, key(kDigits), ""}).error().code == ErrorCode::malformed_message);
  }
  REQUIRE(!servers.trust({"a", Fingerprint{}, ""}));
  REQUIRE(!servers.trust({"a", key(kDigits), "http://x/?q"}));
  REQUIRE(!servers.trust({"a", key(kDigits), "http://user@x"}));
}

TEST_CASE("S01 the server at a URL is the one known there and not the one it says it is") {
  client::KnownServers servers;
  REQUIRE(servers.trust({"https://a.example", key(kDigits), ""}).has_value());
  REQUIRE(servers.trust({"office", key(kOtherDigits), "http://10.0.0.1:8420"}).has_value());
  REQUIRE(servers.find_at("https://A.example:443/")->name == "https://a.example");
  REQUIRE(servers.find_at("http://10.0.0.1:8420/")->name == "office");
  REQUIRE(servers.find_at("http://a.example").error().code == ErrorCode::server_unknown);
  REQUIRE(servers.find_at("office").error().code == ErrorCode::malformed_message);
}

TEST_CASE("a server whose name is a URL answers there and at its recorded URL") {
  client::KnownServers servers;
  REQUIRE(servers.trust({"https://a.example", key(kDigits), "http://127.0.0.1:8420"}).has_value());
  REQUIRE(servers.find_at("https://a.example")->key == key(kDigits));
  REQUIRE(servers.find_at("http://127.0.0.1:8420")->key == key(kDigits));
}

TEST_CASE("two known servers at one URL are not chosen between") {
  client::KnownServers servers;
  REQUIRE(servers.trust({"https://a.example", key(kDigits), ""}).has_value());
  REQUIRE(servers.trust({"b", key(kOtherDigits), "https://a.example"}).has_value());
  REQUIRE(servers.find_at("https://a.example").error().code == ErrorCode::server_mismatch);
}

TEST_CASE("the command that trusts a server runs nothing else, whatever the server is called") {
  REQUIRE(client::trust_command("https://a.example", key(kDigits), "") ==
          "countersign server trust https://a.example " + kDigits);
  REQUIRE(client::trust_command("a;reboot", key(kDigits), "") == "countersign server trust 'a;reboot' " + kDigits);
  REQUIRE(client::trust_command("a'$(reboot)'", key(kDigits), "") ==
          "countersign server trust 'a'\\''$(reboot)'\\''' " + kDigits);
  REQUIRE(client::trust_command("--help", key(kDigits), "http://h:1") ==
          "countersign server trust --url http://h:1 -- '--help' " + kDigits);
}

TEST_CASE("a followed server is known by its new key only where it was known by the former one") {
  const Folder folder;
  const Fingerprint former = key(kDigits);
  const Fingerprint present = key(kOtherDigits);
  const Fingerprint other = key(std::string(40, 'C'));
  REQUIRE(trust_server(folder.file(), {"https://a.example", former, "https://b.example"}));
  REQUIRE(trust_server(folder.file(), {"https://c.example", other, ""}));
  CHECK_FALSE(client::follow_server(folder.file(), "https://c.example", former, present).value());
  CHECK_FALSE(client::follow_server(folder.file(), "https://unknown.example", former, present).value());
  CHECK(client::follow_server(folder.file(), "https://a.example", former, present).value());
  CHECK_FALSE(client::follow_server(folder.file(), "https://a.example", former, present).value());
  const auto servers = client::KnownServers::load(folder.file()).value();
  REQUIRE(servers.find("https://a.example") != nullptr);
  CHECK(*servers.find("https://a.example") == client::KnownServer{"https://a.example", present, "https://b.example"});
  CHECK(servers.find("https://c.example")->key == other);
}
