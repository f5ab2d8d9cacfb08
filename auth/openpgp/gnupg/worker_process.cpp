#include "auth/openpgp/gnupg/worker_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "auth/openpgp/gnupg/worker.hpp"
#include "storage/base/handle.hpp"

namespace countersign::auth::openpgp::gnupg {
namespace {

constexpr const char* kPath = "/usr/local/bin:/usr/bin:/bin";

// Where programs, homes and sockets are, which language is spoken, and how a pinentry finds its terminal or display.
constexpr const char* kPassedOn[] = {"HOME",
                                     "USER",
                                     "GNUPGHOME",
                                     "XDG_RUNTIME_DIR",
                                     "LANG",
                                     "LC_ALL",
                                     "LC_CTYPE",
                                     "LC_MESSAGES",
                                     "TZ",
                                     "TERM",
                                     "GPG_TTY",
                                     "DISPLAY",
                                     "XAUTHORITY",
                                     "WAYLAND_DISPLAY",
                                     "DBUS_SESSION_BUS_ADDRESS"};

using FileActions = std::unique_ptr<posix_spawn_file_actions_t, GiveBack<&posix_spawn_file_actions_destroy>>;
using Attributes = std::unique_ptr<posix_spawnattr_t, GiveBack<&posix_spawnattr_destroy>>;

tl::unexpected<Error> not_started(const std::string& what, int error) {
  return fail(ErrorCode::openpgp_unavailable, what + ": " + std::strerror(error));
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// The first thing that failed, else 0.
int prepare_files(posix_spawn_file_actions_t* actions, int socket) {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (const int error = ::posix_spawn_file_actions_addopen(actions, standard, "/dev/null", O_RDWR, 0)) return error;
  }
  if (const int error = ::posix_spawn_file_actions_adddup2(actions, socket, kWorkerSocket)) return error;
  if (const int error = ::posix_spawn_file_actions_addclosefrom_np(actions, kWorkerSocket + 1)) return error;
  return ::posix_spawn_file_actions_addchdir_np(actions, "/");
}

// A group of its own, and no signal blocked or ignored that this process blocks or ignores.
int prepare_attributes(posix_spawnattr_t* attributes) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  if (const int error = ::posix_spawnattr_setsigmask(attributes, &none)) return error;
  if (const int error = ::posix_spawnattr_setsigdefault(attributes, &all)) return error;
  if (const int error = ::posix_spawnattr_setpgroup(attributes, 0)) return error;
  return ::posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

}  // namespace

std::vector<std::string> worker_environment() {
  std::vector<std::string> out;
  const char* const path = std::getenv("PATH");
  out.push_back(std::string("PATH=") + (path == nullptr ? kPath : path));
  for (const char* const name : kPassedOn) {
    if (const char* const value = std::getenv(name)) out.push_back(std::string(name) + "=" + value);
  }
  return out;
}

Result<WorkerProcess> WorkerProcess::start(const std::filesystem::path& program,
                                           const std::vector<std::string>& arguments) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return not_started("no socket", errno);
  Channel ours{FileDescriptor(ends[0])};
  const FileDescriptor theirs(ends[1]);

  posix_spawn_file_actions_t raw_actions;
  posix_spawnattr_t raw_attributes;
  if (const int error = ::posix_spawn_file_actions_init(&raw_actions)) return not_started("a GnuPG worker", error);
  const FileActions actions(&raw_actions);
  if (const int error = ::posix_spawnattr_init(&raw_attributes)) return not_started("a GnuPG worker", error);
  const Attributes attributes(&raw_attributes);
  if (const int error = prepare_files(actions.get(), theirs.get())) return not_started("a GnuPG worker", error);
  if (const int error = prepare_attributes(attributes.get())) return not_started("a GnuPG worker", error);

  std::vector<std::string> words = {program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::vector<std::string> environment = worker_environment();
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), actions.get(), attributes.get(), pointers_to(words).data(),
                                  pointers_to(environment).data());
  if (error != 0) return not_started("a GnuPG worker cannot be started, " + program.string(), error);
  return WorkerProcess(pid, std::move(ours));
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), channel_(std::move(other.channel_)) {}

WorkerProcess::~WorkerProcess() {
  if (pid_ < 0) return;
  // The group has our child's id as long as we have not waited for it, so nobody else is hit.
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace countersign::auth::openpgp::gnupg
