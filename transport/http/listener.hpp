// File descriptors: one that closes itself, and the socket that connections come in by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "storage/base/result.hpp"
#include "transport/http/address.hpp"

namespace countersign::transport::http {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

struct Accepted {
  enum class Kind : std::uint8_t {
    connection,
    none,       // nobody waits
    again,      // this one went away; there may be others
    exhausted,  // no descriptors or no memory: try later, or the loop spins
  } kind = Kind::none;
  Descriptor socket;
  Address peer;
};

class Listener {
 public:
  // A numeric address or a name such as localhost; port 0 is any free one. network_failed.
  static Result<Listener> bind(const std::string& host, std::uint16_t port);

  Accepted accept();
  // Where accept() found no descriptor: takes the next connection in the place of one that is kept for this, so that it
  // can be turned away. Then keep_reserve() again, as soon as its socket is closed.
  Accepted accept_on_reserve();
  void keep_reserve();
  int socket() const { return socket_.get(); }
  std::uint16_t port() const { return port_; }
  void close() { socket_.reset(); }

 private:
  Descriptor socket_;
  Descriptor reserve_;
  std::uint16_t port_ = 0;
};

}  // namespace countersign::transport::http
