#include "tests/support/gnupg_home.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace countersign::test {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

// Short, because gpg-agent's socket paths have to fit 107 bytes.
std::string make_folder() {
  std::string path = "/tmp/cs.XXXXXX";
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  return path;
}

[[noreturn]] void become(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                         const fs::path& folder) {
  const int in = open((folder / "in").c_str(), O_RDONLY);
  const int out = open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err = open((folder / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  for (const auto& entry : environment) putenv(const_cast<char*>(entry.c_str()));
  execvp(argv[0], argv.data());
  _exit(127);
}

}  // namespace

ProgramRun run_program(const std::vector<std::string>& arguments, std::string_view input,
                       const std::vector<std::string>& environment) {
  const fs::path folder = make_folder();
  write(folder / "in", input);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) become(arguments, environment, folder);
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  ProgramRun run;
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  run.output = slurp(folder / "out");
  run.error = slurp(folder / "err");
  fs::remove_all(folder);
  return run;
}

GnupgHome::GnupgHome() : path_(make_folder()) {
  // Without a count the agent measures the machine for seconds before it makes its first key.
  write(fs::path(path_) / "gpg-agent.conf", "s2k-count 65536\nallow-loopback-pinentry\n");
  write(fs::path(path_) / "gpg.conf", "no-greeting\ndisable-dirmngr\nno-auto-key-locate\nno-auto-key-retrieve\n");
}

GnupgHome::~GnupgHome() {
  run_program({"gpgconf", "--homedir", path_, "--kill", "all"}, {});
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

ProgramRun GnupgHome::run(const std::vector<std::string>& arguments, std::string_view input) {
  std::vector<std::string> all = {"gpg",           "--homedir",    path_, "--batch",         "--no-tty",
                                  "--yes",         "--passphrase", "",    "--pinentry-mode", "loopback",
                                  "--trust-model", "always"};
  if (!time_.empty()) {
    all.push_back("--faked-system-time");
    all.push_back(time_);
  }
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_program(all, input, {"LC_ALL=C"});
}

std::string GnupgHome::must(const std::vector<std::string>& arguments, std::string_view input) {
  ProgramRun done = run(arguments, input);
  if (done.exit_code != 0) {
    std::string command;
    for (const auto& argument : arguments) command += " " + argument;
    throw std::runtime_error("gpg" + command + ": " + done.error);
  }
  return std::move(done.output);
}

std::vector<std::string> GnupgHome::fingerprints(const std::string& key) {
  std::istringstream lines(must({"--with-colons", "--fingerprint", "--fingerprint", "--list-keys", key}));
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("fpr:", 0) != 0) continue;
    const auto first = line.find_first_not_of(':', 4);
    found.push_back(line.substr(first, line.find(':', first) - first));
  }
  return found;
}

std::string GnupgHome::make_primary(const std::string& algorithm, const std::string& user_id, const std::string& usage,
                                    const std::string& expire) {
  must({"--quick-generate-key", user_id, algorithm, usage, expire});
  return fingerprints("=" + user_id).at(0);
}

std::string GnupgHome::make_key(const std::string& algorithm, const std::string& user_id, const std::string& expire) {
  std::string fingerprint = make_primary(algorithm, user_id, "sign,cert", expire);
  std::string encryption = algorithm;
  if (algorithm == "ed25519") encryption = "cv25519";
  if (algorithm.rfind("dsa", 0) == 0) encryption = "elg" + algorithm.substr(3);
  add_subkey(fingerprint, encryption, "encr", expire);
  return fingerprint;
}

std::string GnupgHome::add_subkey(const std::string& fingerprint, const std::string& algorithm,
                                  const std::string& usage, const std::string& expire) {
  // For a subkey gpg takes the name of a curve to mean ECDH.
  const bool curve = algorithm.rfind("nistp", 0) == 0 || algorithm.rfind("brainpool", 0) == 0;
  const std::string exact = curve && usage != "encr" ? algorithm + "/ecdsa" : algorithm;
  must({"--quick-add-key", fingerprint, exact, usage, expire});
  return fingerprints(fingerprint).back();
}

std::string GnupgHome::export_public(const std::string& key) {
  return must({"--armor", "--export", key});
}
std::string GnupgHome::export_public_binary(const std::string& key) {
  return must({"--export", key});
}
std::string GnupgHome::export_secret(const std::string& key) {
  return must({"--armor", "--export-secret-keys", key});
}
std::string GnupgHome::export_secret_binary(const std::string& key) {
  return must({"--export-secret-keys", key});
}
void GnupgHome::import(std::string_view key) {
  must({"--import"}, key);
}

void GnupgHome::revoke(const std::string& fingerprint) {
  // gpg puts a colon before the armor so that nobody imports it by accident.
  std::string certificate = slurp(fs::path(path_) / "openpgp-revocs.d" / (fingerprint + ".rev"));
  const auto colon = certificate.find(":-----BEGIN");
  if (colon == std::string::npos) throw std::runtime_error("no revocation certificate of " + fingerprint);
  import(certificate.substr(colon + 1));
}

std::string GnupgHome::clearsign(const std::string& key, std::string_view text, const std::vector<std::string>& extra) {
  std::vector<std::string> arguments = extra;
  arguments.insert(arguments.end(), {"--local-user", key, "--clearsign"});
  return must(arguments, text);
}

std::string GnupgHome::detach_sign(const std::string& key, std::string_view text,
                                   const std::vector<std::string>& extra) {
  std::vector<std::string> arguments = extra;
  arguments.insert(arguments.end(), {"--local-user", key, "--armor", "--detach-sign"});
  return must(arguments, text);
}

ProgramRun GnupgHome::decrypt(std::string_view message, const std::vector<std::string>& extra) {
  std::vector<std::string> arguments = extra;
  arguments.push_back("--decrypt");
  return run(arguments, message);
}

}  // namespace countersign::test
