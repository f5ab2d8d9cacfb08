#include "tests/support/token_home.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/program.hpp"

namespace countersign::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";
constexpr const char* kDaemon = "/usr/bin/gnupg-pkcs11-scd";
constexpr const char* kPin = "271828";

std::string must_run(const std::vector<std::string>& arguments, std::string_view input,
                     const std::vector<std::string>& environment) {
  ProgramRun done = run_program(arguments, input, environment);
  if (done.exit_code == 0) return std::move(done.output);
  std::string command;
  for (const auto& argument : arguments) command += argument + " ";
  throw std::runtime_error(command + "(" + std::to_string(done.exit_code) + "): " + done.output + done.error);
}

void write_program(const fs::path& path, const std::string& text) {
  write_file(path, "#!/bin/sh\n" + text);
  fs::permissions(path, fs::perms::owner_all);
}

// Is a process of this number running, and no zombie whose parent has not looked yet?
bool is_running(pid_t process) {
  if (::kill(process, 0) != 0) return false;
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return true;
  const auto name_end = line.rfind(") ");
  return name_end == std::string::npos || line[name_end + 2] != 'Z';
}

}  // namespace

TokenHome::TokenHome() {
  fs::create_directory(fs::path(path()) / "tokens");
  write_programs();
  must_run({"softhsm2-util", "--init-token", "--free", "--label", "test", "--so-pin", "31415926", "--pin", kPin}, {},
           {"SOFTHSM2_CONF=" + path() + "/softhsm2.conf"});
}

TokenHome::~TokenHome() {
  end_agent();
}

void TokenHome::write_programs() const {
  const fs::path home(path());
  write_file(home / "softhsm2.conf",
             "directories.tokendir = " + path() + "/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");
  write_file(home / "gnupg-pkcs11-scd.conf",
             std::string("providers softhsm\nprovider-softhsm-library ") + kModule + "\n");
  write_program(home / "scd", "echo $$ > " + path() + "/scd.pid\nif [ -e " + path() + "/blocked ]; then exec " +
                                  path() + "/blocked; fi\nexport SOFTHSM2_CONF=" + path() +
                                  "/softhsm2.conf GNUPG_PKCS11_SOCKETDIR=" + path() + "\nexec " + kDaemon +
                                  " \"$@\"\n");
  // Speaks the Assuan protocol of pinentries. It stops answering after a dozen times: gnupg-pkcs11-scd asks for the PIN
  // of a token that is not there until somebody cancels.
  write_program(home / "pinentry", "cd " + path() + R"sh( || exit 1
echo OK ready
while read -r word rest; do
  case $word in
    OPTION) case $rest in ttyname=*) tty=${rest#ttyname=} ;; esac; echo OK ;;
    GETPIN)
      echo asked >> asked
      pin=$(cat answer)
      if [ "$pin" = typed ]; then printf 'PIN: ' > "$tty"; IFS= read -r pin < "$tty"; fi
      if [ "$pin" = cancel ] || [ "$(wc -l < asked)" -gt 12 ]; then
        echo 'ERR 83886179 Operation cancelled <Pinentry>'
      else
        echo "D $pin"
        echo OK
      fi ;;
    BYE) echo OK; exit 0 ;;
    *) echo OK ;;
  esac
done
)sh");
  write_file(home / "gpg-agent.conf",
             "scdaemon-program " + path() + "/scd\npinentry-program " + path() + "/pinentry\n");
  write_file(home / "asked", "");
  answer_with(PinAnswer::right);
}

std::string TokenHome::make_key_pair(const std::string& id, const std::string& label) const {
  const std::vector<std::string> environment = {"SOFTHSM2_CONF=" + path() + "/softhsm2.conf"};
  const std::string base = path() + "/" + label;
  const auto token = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"pkcs11-tool", "--module", kModule, "--id", id});
    must_run(arguments, {}, environment);
  };
  token({"--login", "--pin", kPin, "--label", label, "--keypairgen", "--key-type", "rsa:2048"});
  token({"--read-object", "--type", "pubkey", "--output-file", base + ".der"});
  // The daemon finds a key by the X.509 certificate beside it. Who signed that does not matter, so a key that is thrown
  // away does.
  must_run({"openssl", "pkey", "-pubin", "-inform", "DER", "-in", base + ".der", "-out", base + ".pem"}, {}, {});
  must_run({"openssl", "genpkey", "-algorithm", "ed25519", "-out", base + ".throwaway"}, {}, {});
  must_run({"openssl", "x509", "-new", "-subj", "/CN=" + label, "-days", "3650", "-force_pubkey", base + ".pem",
            "-signkey", base + ".throwaway", "-outform", "DER", "-out", base + ".crt"},
           {}, {});
  token({"--login", "--pin", kPin, "--label", label, "--write-object", base + ".crt", "--type", "cert"});
  end_agent();              // a running daemon keeps the list of objects that it first saw
  must({"--card-status"});  // makes the stub that points to the token
  const std::string learnt = must_run({"gpg-connect-agent", "--homedir", path(), "SCD LEARN", "/bye"}, {}, {});
  std::istringstream lines(learnt);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string status;
    std::string name;
    std::string grip;
    std::string where;
    words >> status >> name >> grip >> where;
    if (name == "KEYPAIRINFO" && where.ends_with("/" + id)) return grip;
  }
  throw std::runtime_error("the daemon shows no key " + id + ": " + learnt);
}

std::string TokenHome::make_key(const std::string& user_id, bool with_encryption) {
  const auto next_key_pair = [&](const char* use) {
    const std::string number = std::to_string(++key_pairs_);
    return make_key_pair("0" + number, use + number);
  };
  const std::string grip = next_key_pair("sign");
  const std::string said = must({"--status-fd", "1", "--gen-key"}, "Key-Type: RSA\nKey-Grip: " + grip +
                                                                       "\nKey-Usage: sign,cert\nName-Real: " + user_id +
                                                                       "\nExpire-Date: 1y\n%commit\n");
  const std::string created = "KEY_CREATED P ";
  const auto at = said.find(created);
  if (at == std::string::npos) throw std::runtime_error("no key was made: " + said);
  const std::string key = said.substr(at + created.size(), 40);
  if (with_encryption) {
    const std::string second = next_key_pair("decrypt");
    // 13 is "existing key"; of what it could do, signing is taken away.
    must_run({"gpg", "--homedir", path(), "--no-tty", "--expert", "--command-fd", "0", "--edit-key", key},
             "addkey\n13\n" + second + "\nS\nQ\n1y\nsave\n", {"LC_ALL=C"});
  }
  return key;
}

std::string TokenHome::certificate(const std::string& key) {
  return must({"--armor", "--export", key});
}

ProgramRun TokenHome::run(const std::vector<std::string>& arguments, std::string_view input) const {
  std::vector<std::string> all = {"gpg", "--homedir", path(), "--batch", "--no-tty", "--yes"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_program(all, input, {"LC_ALL=C"});
}

std::string TokenHome::must(const std::vector<std::string>& arguments, std::string_view input) const {
  ProgramRun done = run(arguments, input);
  if (done.exit_code != 0) throw std::runtime_error("gpg: " + done.error);
  return std::move(done.output);
}

void TokenHome::answer_with(PinAnswer answer) const {
  std::string text = kPin;
  if (answer == PinAnswer::wrong) text = "000000";
  if (answer == PinAnswer::cancelled) text = "cancel";
  if (answer == PinAnswer::typed) text = "typed";
  write_file(fs::path(path()) / "answer", text + "\n");
}

const char* TokenHome::pin() {
  return kPin;
}

std::size_t TokenHome::asked() const {
  const std::string lines = read_file(fs::path(path()) / "asked");
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

void TokenHome::end_agent() const {
  run_program({"gpgconf", "--homedir", path(), "--kill", "all"}, {});
  end_daemon();
}

void TokenHome::forget_pin() const {
  end_agent();
  write_file(fs::path(path()) / "asked", "");
}

void TokenHome::end_daemon() const {
  const fs::path file = fs::path(path()) / "scd.pid";
  if (!fs::exists(file)) return;
  const auto process = static_cast<pid_t>(std::atoi(read_file(file).c_str()));
  fs::remove(file);
  if (process <= 1 || !is_running(process)) return;
  ::kill(process, SIGTERM);
  for (int tries = 0; tries < 500 && is_running(process); ++tries) ::poll(nullptr, 0, 10);
  if (is_running(process)) ::kill(process, SIGKILL);
}

void TokenHome::block_pin() const {
  const std::string learnt = must_run({"gpg-connect-agent", "--homedir", path(), "SCD LEARN", "/bye"}, {}, {});
  write_file(fs::path(path()) / "learnt", learnt);
  // 100663426 is "PIN blocked" by the smart card daemon (libgpg-error's err-codes.h).
  write_program(fs::path(path()) / "blocked", "cd " + path() + R"sh( || exit 1
echo OK ready
while read -r word rest; do
  case $word in
    LEARN) cat learnt ;;
    SERIALNO) grep SERIALNO learnt; echo OK ;;
    PKSIGN|PKDECRYPT) echo 'ERR 100663426 PIN blocked <SCD>' ;;
    GETINFO) echo 'ERR 100663364 Not supported <SCD>' ;;
    BYE) echo OK; exit 0 ;;
    *) echo OK ;;
  esac
done
)sh");
  end_agent();
}

void TokenHome::pull() {
  const fs::path home(path());
  fs::rename(home / "tokens", home / "drawer");
  fs::create_directory(home / "tokens");
}

void TokenHome::put_back() {
  const fs::path home(path());
  fs::remove_all(home / "tokens");
  fs::rename(home / "drawer", home / "tokens");
  end_daemon();
}

}  // namespace countersign::test
