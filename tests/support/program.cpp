#include "tests/support/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace countersign::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void become_server(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                                const fs::path& log) {
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  for (const auto& entry : environment) putenv(const_cast<char*>(entry.c_str()));
  execv(argv[0], argv.data());
  _exit(127);
}

std::vector<std::string> serve_command(const Installation& installation, const std::vector<std::string>& flags) {
  std::vector<std::string> command = {COUNTERSIGN_PROGRAM, "serve", "--data", installation.data().string()};
  bool listens = false;
  for (const auto& flag : flags) {
    listens = listens || flag == "--listen";
    command.push_back(flag);
  }
  if (!listens) command.insert(command.end(), {"--listen", "127.0.0.1:0"});
  return command;
}

// The port of the line that says where it listens; 0 while there is none.
std::uint16_t port_in(const std::string& log) {
  const auto serving = log.find(" serving ");
  const auto address = serving == std::string::npos ? std::string::npos : log.find("address=http://", serving);
  const auto end = address == std::string::npos ? std::string::npos : log.find_first_of(" \n", address);
  if (end == std::string::npos) return 0;
  return static_cast<std::uint16_t>(std::atoi(log.c_str() + log.rfind(':', end) + 1));
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::vector<fs::path> files_beneath(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

std::string field(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  if (member == nullptr) throw std::runtime_error("no member " + std::string(name) + " in " + write_json(json));
  return member->string() != nullptr ? *member->string() : write_json(*member);
}

Json json_of(std::string_view text) {
  auto json = parse_json(text);
  if (!json) throw std::runtime_error("no JSON: " + std::string(text));
  return *json;
}

Installation::Installation(const std::string& storage, const std::string& server)
    : data_(scratch_.path() / "data"), server_(server) {
  fingerprint_ = field(json({"init", "--server", server, "--storage", storage}), "fingerprint");
}

Installation::Installation(const std::string& storage, const std::string& server,
                           const std::vector<std::string>& arguments, const GnupgHome& home)
    : data_(scratch_.path() / "data"), server_(server) {
  std::vector<std::string> all = {"init", "--server", server, "--storage", storage, "--json"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  fingerprint_ = field(json_of(must(all, {}, &home)), "fingerprint");
}

void Installation::set(const std::string& name, const std::string& text) const {
  const fs::path file = data_ / "countersign.toml";
  const std::string settings = read_file(file);
  const std::size_t at = settings.find("\n# " + name + " = ");
  if (at == std::string::npos) throw std::runtime_error("no setting " + name);
  write_file(file,
             settings.substr(0, at + 1) + name + " = \"" + text + "\"" + settings.substr(settings.find('\n', at + 1)));
}

void Installation::configure(std::string_view toml) {
  const fs::path file = data_ / "countersign.toml";
  write_file(file, read_file(file) + "\n" + std::string(toml) + "\n");
}

std::vector<std::string> Installation::environment(const GnupgHome* home) const {
  std::vector<std::string> environment = {"XDG_CONFIG_HOME=" + (scratch_.path() / "config").string(),
                                          "COUNTERSIGN_DATA=" + data_.string(), "LC_ALL=C.UTF-8"};
  if (home != nullptr) environment.push_back("GNUPGHOME=" + home->path());
  return environment;
}

ProgramRun Installation::run(std::vector<std::string> arguments, std::string_view input, const GnupgHome* home) const {
  arguments.insert(arguments.begin(), COUNTERSIGN_PROGRAM);
  return run_program(arguments, input, environment(home));
}

std::string Installation::must(std::vector<std::string> arguments, std::string_view input,
                               const GnupgHome* home) const {
  ProgramRun done = run(arguments, input, home);
  if (done.exit_code != 0) {
    std::string command;
    for (const auto& argument : arguments) command += " " + argument;
    throw std::runtime_error("countersign" + command + ": " + std::to_string(done.exit_code) + " " + done.error);
  }
  return std::move(done.output);
}

Json Installation::json(std::vector<std::string> arguments) const {
  arguments.emplace_back("--json");
  return json_of(must(std::move(arguments)));
}

std::string Installation::add_account(const std::string& username, const std::string& certificate) const {
  return field(json_of(must({"account", "add", username, "--public-key", "-", "--json"}, certificate)), "account");
}

std::string Installation::dump() const {
  const Json accounts = json({"account", "list"});
  std::string out = write_json(accounts) + "\n";
  for (const Json& account : *accounts.find("accounts")->items()) {
    out += write_json(json({"account", "show", field(account, "account")})) + "\n";
    out += write_json(json({"session", "list", field(account, "account")})) + "\n";
  }
  // A bounded summary of refusals is no decision about anybody.
  const Json audit = json({"audit", "list", "--limit", "10000"});
  for (const Json& record : *audit.find("records")->items()) {
    if (field(record, "decision") != "refusals") {
      out += field(record, "decision") + " " + field(record, "account") + " " + field(record, "session") + "\n";
    }
  }
  return out;
}

std::size_t Installation::sessions_of(const std::string& username) const {
  return json({"session", "list", username}).find("sessions")->items()->size();
}

RunningServer::RunningServer(const Installation& installation, const std::vector<std::string>& flags,
                             const std::vector<std::string>& environment) {
  static int number = 0;
  log_ = installation.folder() / ("serve-" + std::to_string(++number) + ".log");
  const auto command = serve_command(installation, flags);
  child_ = fork();
  if (child_ < 0) throw std::runtime_error("fork failed");
  if (child_ == 0) become_server(command, environment, log_);
  // Half a minute is for a machine with other things to do.
  for (int tries = 0; tries < 3000; ++tries) {
    if (fs::exists(log_) && (port_ = port_in(log())) != 0) return;
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) == child_) {
      child_ = -1;
      break;
    }
    poll(nullptr, 0, 10);
  }
  throw std::runtime_error("serve did not come up: " + log());
}

RunningServer::~RunningServer() {
  if (child_ > 0) stop(SIGTERM);
}

std::string RunningServer::log() const {
  return read_file(log_);
}

int RunningServer::stop(int signal) {
  kill(child_, signal);
  int status = 0;
  if (waitpid(child_, &status, 0) != child_) throw std::runtime_error("waitpid failed");
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

WireReply RunningServer::get(std::string_view path, std::string_view headers) const {
  return ask(port_, http_request("GET", path, headers));
}

WireReply RunningServer::remove(std::string_view path, std::string_view headers) const {
  return ask(port_, http_request("DELETE", path, headers));
}

WireReply RunningServer::post(std::string_view path, std::string_view body, std::string_view headers) const {
  return ask(port_, http_request("POST", path, headers, body));
}

WireReply RunningServer::post_form(std::string_view path, std::string_view body) const {
  return post(path, body, "Content-Type: application/x-www-form-urlencoded\r\n");
}

WireReply RunningServer::post_json(std::string_view path, const Json& body) const {
  return post(path, write_json(body), "Content-Type: application/json\r\n");
}

WireReply RunningServer::post_text(std::string_view path, std::string_view body) const {
  return post(path, body, "Content-Type: text/plain\r\n");
}

int RunningServer::session_status(const std::string& token) const {
  return get("/v1/session", "Authorization: Bearer " + token + "\r\n").status;
}

ProgramRun refused_start(const Installation& installation, const std::vector<std::string>& flags) {
  auto command = serve_command(installation, flags);
  // Ends one that comes up after all, so that the test fails instead of waiting.
  command.insert(command.begin(), {"timeout", "20"});
  return run_program(command, {}, installation.environment(nullptr));
}

std::string GnupgUser::open(std::string_view message) {
  ProgramRun opened = home.decrypt(message, {"--quiet"});
  // 2 is gpg's word for a signature that it has no key for: a stock user has never seen the server's.
  if (opened.exit_code != 0 && opened.exit_code != 2) throw std::runtime_error("gpg -d: " + opened.error);
  if (opened.output.empty()) throw std::runtime_error("gpg -d gave nothing: " + opened.error);
  return std::move(opened.output);
}

std::string GnupgUser::answer_detached(std::string_view message, const std::vector<std::string>& extra) {
  const std::string statement = open(message);
  return write_json(Json::object()
                        .set("challenge", line_of(statement, "challenge"))
                        .set("signature", home.detach_sign(key, statement, extra)));
}

std::string line_of(std::string_view statement, std::string_view name) {
  const std::string begin = "\n" + std::string(name) + ": ";
  const auto at = statement.find(begin);
  if (at == std::string_view::npos) throw std::runtime_error("no line " + std::string(name));
  const auto from = at + begin.size();
  return std::string(statement.substr(from, statement.find('\n', from) - from));
}

}  // namespace countersign::test
