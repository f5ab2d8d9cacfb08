#include "tests/support/proxy.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/http_wire.hpp"
#include "tests/support/program.hpp"
#include "tests/support/waiting.hpp"

namespace countersign::test {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// How long the first request of `bytes` is; 0 while it is not whole. A body has a length or ends with an empty chunk.
std::size_t request_bytes(const std::string& bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  const std::string fields = lower(bytes.substr(0, head + 2));
  std::size_t end = head + 4;
  if (const auto length = fields.find("\r\ncontent-length:"); length != std::string::npos) {
    end += static_cast<std::size_t>(std::atoll(fields.c_str() + length + 17));
  } else if (fields.find("\r\ntransfer-encoding:") != std::string::npos) {
    const std::size_t last = bytes.find("0\r\n\r\n", head + 4);
    end = last == std::string::npos ? bytes.size() + 1 : last + 5;
  }
  return bytes.size() < end ? 0 : end;
}

// Until the other side ends or the connection is shut down.
void serve_echo(int connection) {
  std::string bytes;
  std::array<char, 16384> buffer{};
  while (true) {
    if (const std::size_t size = request_bytes(bytes); size > 0) {
      std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
      if (!bytes.starts_with("HEAD ")) answer += bytes.substr(0, size);
      if (::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
      bytes.erase(0, size);
      continue;
    }
    const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
  shutdown(connection, SHUT_RDWR);
}

}  // namespace

std::string printed(std::string_view page, std::string_view heading, std::string_view language) {
  std::string text = read_file(std::filesystem::path(COUNTERSIGN_SOURCE) / "docs" / page);
  const std::string fence = "\n```" + std::string(language) + "\n";
  const std::size_t section = text.find("\n" + std::string(heading) + "\n");
  if (section == std::string::npos) throw std::runtime_error("no " + std::string(heading));
  text = text.substr(section + 1, text.find("\n## ", section + 1) - section);
  const std::size_t begin = text.find(fence);
  const std::size_t end = begin == std::string::npos ? begin : text.find("\n```\n", begin + fence.size());
  if (end == std::string::npos) throw std::runtime_error("no " + std::string(language) + " in " + std::string(heading));
  return text.substr(begin + fence.size(), end + 1 - begin - fence.size());
}

std::string replaced(std::string text, const std::vector<std::pair<std::string, std::string>>& changes) {
  for (const auto& [from, to] : changes) {
    std::size_t at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("no " + from + " in " + text);
    for (; at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  }
  return text;
}

std::vector<std::string> nginx_command(const std::filesystem::path& folder, std::string_view http_block) {
  const std::string path = folder.string();
  std::string text = "daemon off;\nworker_processes 1;\nevents { worker_connections 512; }\n";
  if (getuid() == 0) text += "user root;\n";
  text += "pid " + path + "/nginx.pid;\nhttp {\naccess_log off;\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    text += std::string(kind) + "_temp_path " + path + "/" + kind + ";\n";
  }
  write_file(folder / "nginx.conf", text + std::string(http_block) + "}\n");
  return {kNginx, "-p", path, "-c", path + "/nginx.conf", "-e", "stderr"};
}

Proxy::Proxy(const std::vector<std::string>& command, std::filesystem::path log) : log_(std::move(log)) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  const int error = posix_spawn(&process_, command.front().c_str(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::runtime_error("cannot start " + command.front());
}

Proxy::~Proxy() {
  if (process_ <= 0) return;
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
}

void Proxy::wait_for(std::uint16_t port) {
  wait_until([&] {
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      throw std::runtime_error("the proxy ended: " + log());
    }
    return Wire(port).connected();
  });
}

std::string Proxy::log() const {
  return read_file(log_);
}

EchoApplication::EchoApplication() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size) != 0) {
    throw std::runtime_error("no application");
  }
  port_ = ntohs(own.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

EchoApplication::~EchoApplication() {
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
  }
  for (std::thread& one : served_) one.join();
  for (const int connection : connections_) close(connection);
}

void EchoApplication::accept_all() {
  while (true) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const std::lock_guard lock(mutex_);
    connections_.push_back(connection);
    served_.emplace_back(serve_echo, connection);
  }
}

}  // namespace countersign::test
