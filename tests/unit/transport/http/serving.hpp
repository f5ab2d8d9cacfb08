// A server on a port of its own in front of operations that a test steers.
#pragma once

#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/support/fake_operations.hpp"
#include "tests/support/http_wire.hpp"
#include "transport/http/http_server.hpp"

namespace countersign::test {

inline const std::string kJson = "Content-Type: application/json\r\n";
inline const std::string kShow = http_request("GET", "/v1/server");
inline const std::string kLogin = http_request("POST", "/v1/session", kJson, "{}");

// Holds operations until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void until_waiting(int count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ >= count; }));
  }
  int waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

class Refusals {
 public:
  void add(std::string_view source, std::string_view reason) {
    const std::lock_guard lock(mutex_);
    seen_.insert(std::string(source) + " " + std::string(reason));
  }
  std::multiset<std::string> all() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  bool has(const std::string& refusal) {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (seen_.count(refusal) != 0) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::multiset<std::string> seen_;
};

struct Serving {
  explicit Serving(transport::http::HttpServerSettings settings = small())
      : server(operations, noting(std::move(settings))) {
    REQUIRE(server.start().has_value());
  }
  static transport::http::HttpServerSettings small() {
    transport::http::HttpServerSettings settings;
    settings.port = 0;
    settings.workers = 4;
    return settings;
  }
  transport::http::HttpServerSettings noting(transport::http::HttpServerSettings settings) {
    settings.on_refusal = [this](std::string_view source, std::string_view reason) { refusals.add(source, reason); };
    return settings;
  }
  std::uint16_t port() const { return server.port(); }
  WireReply get(std::string_view path, std::string_view headers = {}) {
    return ask(port(), http_request("GET", path, headers));
  }
  WireReply post(std::string_view path, std::string_view headers, std::string_view body) {
    return ask(port(), http_request("POST", path, headers, body));
  }

  Refusals refusals;
  FakeOperations operations;
  transport::http::HttpServer server;
};

}  // namespace countersign::test
