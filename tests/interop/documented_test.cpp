// Every command of the README and of docs/operating, as printed, for people whose names and folders are legal and odd.
//
// The pages' names, paths and placeholders are replaced by a username with a blank, a plus, an at and an umlaut, and by
// folders with blanks and a long path. A command that no story tells is a failure, so none is documented untried.
#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>

#include "tests/support/legacy.hpp"
#include "tests/support/program.hpp"

using namespace countersign;
using namespace countersign::test;

namespace {

namespace fs = std::filesystem;

struct Told {
  std::string command;      // as documented, without its comment
  std::string before = {};  // what has to be so first, in the same shell
  std::string more = {};    // what the page says to add where nobody can be asked
};

// Documented, and run elsewhere or not at all, with the reason.
const std::map<std::string, std::string> kLeftOut = {
    {"countersign password set alice", "asks at a terminal; the next story passes --password-file"},
    {"countersign account add bob --managed > bob.key", "asks at a terminal; managed.session has it"},
    {"countersign serve", "is the server of these stories"},
    {"sudo -u countersign countersign init --data /var/lib/countersign --server https://auth.example.org",
     "wants root; init is told below"},
    {"ssh other countersign secret list", "wants another machine"},
    {"countersign account set alice --email alice@example.org --name 'Alice Liddell'",
     "an odd name is no part of an address; batch.session has it"},
    {"countersign account set alice --groups staff,ops --email alice@example.org --name 'Alice Liddell'",
     "an odd name is no part of an address; batch.session has it"},
    {"countersign audit list --follow", "goes on until it is interrupted; lists.session has it"},
    {"countersign restore --accept", "server_side.session has it, after a store that went back"},
    {"countersign restore --accept-lost-revocations", "backup.session has it"},
};

const std::vector<Told>& stories() {
  static const std::vector<Told> all = {
      {"countersign init --server https://auth.example.org"},
      {"countersign account add alice --public-key alice.asc", "serve; "},
      {"curl -fsS http://127.0.0.1:8420/v1/challenge --data-urlencode username=alice | gpg -qd | gpg --clearsign |\n"
       "curl -fsS http://127.0.0.1:8420/v1/session --data-binary @-"},
      {"curl -fsS https://auth.example.org/v1/challenge --data-urlencode username=alice |\n"
       "countersign respond --server https://auth.example.org --server-key FINGERPRINT |\n"
       "curl -fsS https://auth.example.org/v1/session --data-binary @-",
       "FINGERPRINT=$SERVER_KEY; "},
      {"countersign server trust https://auth.example.org FINGERPRINT", "FINGERPRINT=$SERVER_KEY; "},
      {"countersign login https://auth.example.org --user alice --save"},
      {"countersign whoami https://auth.example.org"},
      {"countersign logout https://auth.example.org"},
      {"countersign invite new bob --groups staff --to bob.invite"},
      {"countersign invite new --for 12h --to guest.invite"},
      {"countersign invite list"},
      {"countersign join bob.invite",
       "sed -i 's/^# registration = .*/registration = \"invite\"/' \"$COUNTERSIGN_DATA/countersign.toml\"; "
       "kill -HUP $(cat serve.pid); "
       "until curl -fs $URL/v1/server | jq -r .registration | grep -q invite; do sleep 0.05; done; ",
       " --key $BOB_KEY"},
      {"countersign invite stolen ID --to bob.invite", "rm bob.invite; ID=$(invite_in_state used); ", " --yes"},
      {"countersign invite show ID", "ID=$(invite_in_state stolen); "},
      {"countersign invite renew ID --for 14d", "ID=$(invite_in_state pending); "},
      {"countersign invite cancel ID", "ID=$(invite_in_state pending); "},
      {"countersign account list"},
      {"countersign account set alice --groups staff,ops"},
      {"countersign account show alice"},
      {"countersign session list alice"},
      {"countersign session end alice 0f61c3a2",
       "SESSION=$(countersign session list alice --json | jq -r '.sessions[0].session' | cut -c 1-8); "},
      {"countersign session end alice --all"},
      {"countersign audit list --since 7d --account alice"},
      {"countersign audit list --since 2026-11-01 --what account_revoked"},
      {"countersign account add --batch people.jsonl"},
      {"countersign account add bob --public-key bob.asc --password-file FILE"},
      {"countersign password remove alice", "countersign password set alice --password-file FILE; "},
      {"countersign courier export alice bob --to /media/stick"},
      {"gpg -d NAME.challenge.asc | gpg --clearsign > NAME.response.asc",
       "cd /media/stick/outbox; NAME=$(basename -s .challenge.asc $(ls *.challenge.asc | head -n 1)); "},
      {"countersign courier sign /media/stick", "rm -f /media/stick/outbox/*.response.asc; "},
      {"countersign courier import /media/stick"},
      {"countersign account confirm FINGERPRINT --user carol",
       "cp carol.asc /media/stick/inbox/carol.enrol.asc; countersign courier import /media/stick; "
       "FINGERPRINT=$CAROL_KEY; "},
      {"gpg --quick-set-expire FINGERPRINT 2y && gpg --quick-set-expire FINGERPRINT 2y '*'",
       "FINGERPRINT=$ALICE_KEY; "},
      {"gpg --armor --export FINGERPRINT > alice.asc", "FINGERPRINT=$ALICE_KEY; "},
      {"curl -fsS https://auth.example.org/v1/challenge --data-urlencode username=alice -d purpose=rotate \\\n"
       "     --data-urlencode new_public_key@new.asc |\n"
       "countersign respond --purpose rotate --new-key NEW_FINGERPRINT |\n"
       "curl -fsS https://auth.example.org/v1/rotation --data-binary @-",
       "NEW_FINGERPRINT=$NEW_KEY; "},
      {"countersign account add mina --managed --password-file FILE > mina.key"},
      {"countersign account add mina --managed --password-file FILE --key-out mina.key",
       "rm mina.key; countersign account delete mina --yes; "},
      {"countersign account key mina --key-out mina.key",
       "rm mina.key; countersign account delete mina --yes; "
       "countersign account add mina --managed --escrow --password-file FILE --key-out first.key; "},
      {"curl -fsS https://auth.example.org/v1/rotation --json @- <<'EOF'\n"
       "{\"username\": \"mina\", \"password\": \"the present one\", \"new_password\": \"another\"}\n"
       "EOF"},
      {"countersign rotate mina --managed --password-file FILE --key-out mina.key", "rm mina.key; "},
      {"curl -fsS https://auth.example.org/v1/revocation --json "
       "'{\"username\": \"alice\", \"password\": \"...\", \"reason\": \"key_compromised\"}'",
       "printf ... > dots; countersign password set alice --password-file dots; "},
      {"curl -fsS https://auth.example.org/v1/challenge --data-urlencode username=alice -d purpose=revoke "
       "-d reason=key_compromised |\n"
       "countersign respond --purpose revoke |\n"
       "curl -fsS https://auth.example.org/v1/revocation --data-binary @-",
       "countersign account restore alice --yes; "},
      {"curl -fsS https://auth.example.org/v1/revocation --data-urlencode username=alice "
       "--data-urlencode revocation_certificate@alice.rev",
       "countersign account restore alice --yes; "
       "sed -n '/-----BEGIN/,$p' \"$GNUPGHOME/openpgp-revocs.d/$NEW_KEY.rev\" | sed 's/^:-/-/' > alice.rev; "},
      {"countersign revocation export /media/safe/revocations.asc"},
      {"countersign secret list"},
      {"countersign secret rotate seal"},
      {"countersign secret rotate record"},
      {"countersign secret rotate seal --after 24h"},
      {"countersign secret retire ID", "ID=$(secret_in_state seal coming); ", " --yes"},
      {"countersign secret retire ID --leaked",
       "countersign secret rotate seal --after 24h; ID=$(secret_in_state seal coming); ", " --yes"},
      {"countersign secret reseal"},
      {"countersign server-key show"},
      {"countersign server-key extend --for 2y"},
      {"countersign server-key replace", "", " --yes"},
      {"countersign server-key replace --overlap 180d", "", " --yes"},
      {"countersign server-key replace --without-succession", "", " --yes"},
      {"countersign account import-legacy /var/lib/go-auth --dry-run"},
      {"countersign account import-legacy /var/lib/go-auth"},
      {"countersign account import-legacy /var/lib/go-auth --json > import.json"},
      {"countersign account restore ID --public-key new.asc",
       "ID=$DENIED; make_key again; gpg --armor --export again > new.asc; ", " --yes"},
      {"countersign account restore ID", "ID=$DENIED; countersign revoke $ID --reason unspecified; ", " --yes"},
      {"countersign account delete ID", "ID=$DENIED; ", " --yes"},
      {"countersign revocation export /var/backups/countersign/revocations.asc"},
      {"countersign backup /var/backups/countersign/store.backup"},
      {"countersign restore /var/backups/countersign/store.backup --replace", "leave; ", " --yes"},
      {"countersign revocation apply /var/backups/countersign/revocations.asc"},
      {"countersign audit verify"},
      {"countersign restore store.backup",
       "cp /var/backups/countersign/store.backup .; mkdir -m 700 fresh; cp -a \"$COUNTERSIGN_DATA/countersign.toml\" "
       "\"$COUNTERSIGN_DATA/secrets\" fresh; export COUNTERSIGN_DATA=\"$PWD/fresh\"; "},
      {"countersign revocation apply revocations.asc", "cp /var/backups/countersign/revocations.asc .; "},
  };
  return all;
}

std::string without_comment(std::string line) {
  static const std::regex comment("\\s+# .*$|\\s+#  .*$");
  return std::regex_replace(line, comment, "");
}

// The commands of a page's blocks that run our program or ask its server.
std::vector<std::string> commands_of(const fs::path& page) {
  std::vector<std::string> commands;
  std::istringstream text(read_file(page));
  std::string line, open;
  bool inside = false, here = false;
  while (std::getline(text, line)) {
    if (line.starts_with("```")) {
      inside = !inside;
      continue;
    }
    if (!inside) continue;
    open += here ? line : without_comment(line);
    here = (here || open.ends_with("<<'EOF'")) && line != "EOF";
    if (here || open.ends_with("|") || open.ends_with("\\")) {
      open += "\n";
      continue;
    }
    static const std::regex ours(
        "(^|[|;&] *|\n|[A-Z]+=\\S+ |sudo -u countersign |ssh other )(countersign [a-z]|curl |gpg "
        ".*(FINGERPRINT|NAME))");
    if (std::regex_search(open, ours)) commands.push_back(open);
    open.clear();
  }
  return commands;
}

std::vector<fs::path> pages() {
  std::vector<fs::path> all = {COUNTERSIGN_SOURCE "/README.md"};
  for (const auto& entry : fs::directory_iterator(COUNTERSIGN_SOURCE "/docs/operating")) {
    // Its commands are run as one script by the tests of tokens.
    if (entry.path().extension() == ".md" && entry.path().filename() != "tokens.md") all.push_back(entry.path());
  }
  return all;
}

// A name stands bare, in a text in single quotes, or in a here-document.
std::string put_name(std::string command, const std::string& word, const std::string& name) {
  const std::regex pattern("\\b" + word + "\\b(?![.-])");
  const auto here = command.find("<<'EOF'");
  std::string out;
  std::size_t from = 0;
  for (std::sregex_iterator each(command.begin(), command.end(), pattern), end; each != end; ++each) {
    const auto at = static_cast<std::size_t>(each->position());
    out += command.substr(from, at - from);
    from = at + word.size();
    const bool in_quotes = std::count(command.begin(), command.begin() + each->position(), '\'') % 2 == 1;
    if (here != std::string::npos && at > here) {
      out += name;
    } else {
      out += in_quotes ? "'\"" + name + "\"'" : "\"" + name + "\"";
    }
  }
  return out + command.substr(from);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

class World {
 public:
  World() : folder_(scratch_.path() / kFolder) {
    fs::create_directories(folder_);
    for (const char* const each : {"media/stick", "media/safe", "var/backups/countersign", "var/lib"}) {
      fs::create_directories(folder_ / each);
    }
    fs::copy(legacy_fixture(kLegacyFolder), folder_ / "var/lib/go-auth", fs::copy_options::recursive);
    write_file(folder_ / "FILE", "the present one\n");
    for (const char* const name : {"alice", "bob", "carol", "ben"})
      write_file(folder_ / (std::string(name) + ".asc"), certificate(name));
    write_file(folder_ / "new.asc", certificate("new"));
    write_file(
        folder_ / "people.jsonl",
        write_json(Json::object().set("username", names_.at("ben")).set("public_key", certificate("ben"))) + "\n");
  }
  ~World() { run("leave"); }

  ProgramRun tell(const Told& told) {
    const std::string line = told.before + told.command + told.more;
    return run(substituted(line));
  }

 private:
  static constexpr const char* kFolder =
      "a folder with blänks and a rather long name, as somebody's backup of a backup of a home folder may have it/"
      "and another one beneath it, since paths may be long and hold 'quotes' as well";

  std::string certificate(const std::string& name) {
    if (!keys_.contains(name)) keys_[name] = home_.make_key("ed25519", name);
    return home_.export_public(keys_[name]);
  }

  std::string substituted(std::string line) const {
    for (const auto& [word, name] : names_) line = put_name(line, word, name);
    for (const char* const path : {"/media/stick", "/media/safe", "/var/backups/countersign", "/var/lib/go-auth"}) {
      line = replaced(line, path, "\"$LONG\"" + std::string(path));
    }
    for (const char* const placeholder : {"NEW_FINGERPRINT", "FINGERPRINT", "NAME", "ID"}) {
      line = std::regex_replace(line, std::regex("(^|[ ])" + std::string(placeholder) + "\\b(?!=)"),
                                "$1\"$$" + std::string(placeholder) + "\"");
    }
    line = replaced(line, "0f61c3a2", "\"$SESSION\"");
    line = replaced(line, "http://127.0.0.1:8420", url_);
    return replaced(line, "https://auth.example.org", url_);
  }

  ProgramRun run(const std::string& line) {
    const std::string script =
        "cd \"$LONG\"\n"
        "serve() { countersign serve --listen ${URL#http://} > serve.log 2>&1 < /dev/null & echo $! > serve.pid;\n"
        "  until curl -fs $URL/readyz > ready; do kill -0 $(cat serve.pid) || exit 99; sleep 0.05; done; }\n"
        "leave() { [ ! -e serve.pid ] || { kill $(cat serve.pid); while kill -0 $(cat serve.pid); do sleep 0.05; done; "
        "rm serve.pid; } 2>/dev/null; }\n"
        "secret_in_state() { countersign secret list --json | jq -r \".secrets[] | select(.family == \\\"$1\\\" and "
        ".state == \\\"$2\\\") | .id\" | tail -n 1; }\n"
        "invite_in_state() { countersign invite list --json | jq -r \".invites[] | select(.state == \\\"$1\\\") | "
        ".invite\" | head -n 1; }\n"
        "make_key() { gpg -q --batch --passphrase '' --quick-generate-key \"$1\" ed25519 sign,cert never && "
        "gpg -q --batch --passphrase '' --quick-add-key "
        "$(gpg --with-colons -k \"$1\" | awk -F: '/^fpr/ { print $10; exit }') cv25519 encr never; }\n"
        "SERVER_KEY=$(curl -fs $URL/v1/server | jq -r .fingerprint)\n" +
        line + "\n";
    std::vector<std::string> environment = {
        "LONG=" + folder_.string(),
        "URL=" + url_,
        "HOME=" + folder_.string(),
        "GNUPGHOME=" + home_.path(),
        "COUNTERSIGN_DATA=" + (folder_ / "data").string(),
        "PATH=" + fs::path(COUNTERSIGN_PROGRAM).parent_path().string() + ":" + std::getenv("PATH"),
        "DENIED=" + legacy_person("open").account};
    for (const auto& [name, key] : keys_) {
      std::string upper = name;
      std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
      environment.push_back(upper + "_KEY=" + key);
    }
    return run_program({"bash", "-c", script}, "", environment);
  }

  ScratchFolder scratch_;
  fs::path folder_;
  const KeptPort port_;
  const std::string url_ = "http://127.0.0.1:" + std::to_string(port_.number());
  GnupgHome home_;
  std::map<std::string, std::string> keys_;
  const std::map<std::string, std::string> names_ = {{"alice", "ali ce+x@exämple.org"},
                                                     {"bob", "bob@example.org"},
                                                     {"carol", "cärol +1"},
                                                     {"mina", "mi na+@ü"},
                                                     {"ben", "ben%2b&x=y"}};
};

}  // namespace

TEST_CASE("every documented command works for odd names and long paths, in the order of a story") {
  std::set<std::string> documented;
  for (const fs::path& page : pages()) {
    for (const std::string& command : commands_of(page)) documented.insert(command);
  }
  REQUIRE(documented.size() > 40);
  std::set<std::string> told;
  for (const Told& each : stories()) told.insert(each.command);
  for (const std::string& command : documented) {
    INFO(command);
    CHECK((told.contains(command) != kLeftOut.contains(command)));
  }
  for (const auto& [command, why] : kLeftOut) told.insert(command);
  for (const std::string& command : told) {
    INFO("no page has: " << command);
    CHECK(documented.contains(command));
  }
  World world;
  for (const Told& each : stories()) {
    INFO(each.command);
    const ProgramRun run = world.tell(each);
    INFO(run.output);
    INFO(run.error);
    CHECK(run.exit_code == 0);
  }
}
