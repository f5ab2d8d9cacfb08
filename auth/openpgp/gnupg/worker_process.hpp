// One worker as the server sees it: a child process in a group of its own, and a socket.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "auth/openpgp/gnupg/channel.hpp"
#include "storage/base/result.hpp"

namespace countersign::auth::openpgp::gnupg {

// One thread at a time.
class WorkerProcess {
 public:
  // Executes the program with these arguments, the socket as descriptor 3, no other file, and of the environment only
  // what gpg and pinentry need. A new image, never a bare fork: what starting costs does not follow this process's
  // size. openpgp_unavailable.
  static Result<WorkerProcess> start(const std::filesystem::path& program, const std::vector<std::string>& arguments);

  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&&) = delete;
  // Kills it and everything of its group.
  ~WorkerProcess();

  pid_t pid() const { return pid_; }
  Channel& channel() { return channel_; }

 private:
  WorkerProcess(pid_t pid, Channel channel) : pid_(pid), channel_(std::move(channel)) {}

  pid_t pid_;
  Channel channel_;
};

// What of this process's environment a worker gets. Reads the environment.
std::vector<std::string> worker_environment();

}  // namespace countersign::auth::openpgp::gnupg
