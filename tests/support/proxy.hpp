// Real proxies of this machine, with the configurations that the documentation prints; and an application behind them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace countersign::test {

// The first fenced block of that language beneath a heading (`## nginx`) of a page of the documentation; throws where
// there is none.
std::string printed(std::string_view page, std::string_view heading, std::string_view language);
// Each of the first replaced by its second wherever it stands; throws where it stands nowhere.
std::string replaced(std::string text, const std::vector<std::pair<std::string, std::string>>& changes);

inline constexpr const char* kNginx = "/usr/sbin/nginx";
// What runs nginx with that http block, and with all that it writes in the folder, where this writes its configuration.
std::vector<std::string> nginx_command(const std::filesystem::path& folder, std::string_view http_block);

// A program that serves until it is told to end.
class Proxy {
 public:
  // What it says goes to `log`.
  Proxy(const std::vector<std::string>& command, std::filesystem::path log);
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;
  ~Proxy();

  // Until it listens at that port of the loopback; throws with what it said where it ends instead.
  void wait_for(std::uint16_t port);
  std::string log() const;

 private:
  std::filesystem::path log_;
  pid_t process_ = -1;
};

// Answers every request with its bytes as they came, those of a HEAD without a body.
class EchoApplication {
 public:
  EchoApplication();
  EchoApplication(const EchoApplication&) = delete;
  EchoApplication& operator=(const EchoApplication&) = delete;
  ~EchoApplication();

  std::uint16_t port() const { return port_; }

 private:
  void accept_all();

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<int> connections_;
  std::vector<std::thread> served_;
  std::thread accepting_;
};

}  // namespace countersign::test
