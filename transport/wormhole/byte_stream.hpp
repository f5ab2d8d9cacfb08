// Bytes to and from a server: a socket, and TLS over it where that is asked for.
#pragma once

#include <optional>
#include <string>

#include "transport/wormhole/tls.hpp"
#include "transport/wormhole/waiting.hpp"

namespace countersign::transport::wormhole {

class ByteStream {
 public:
  // Of a socket that does not block.
  explicit ByteStream(FileDescriptor socket) : socket_(std::move(socket)) {}

  // From here on through TLS. network_failed; failed when stopped; usage for a CA file that is none.
  Status secure(const std::string& host, const std::string& ca_file, const Patience& patience);

  // Everything. network_failed; failed when stopped.
  Status write(ByteView bytes, const Patience& patience);
  // What is there now, perhaps nothing. network_failed where the connection is over.
  Result<Bytes> read_now();
  // At least one byte.
  Result<Bytes> read(const Patience& patience);
  // Tells the other side, without waiting for anything.
  void say_goodbye();

  // For poll(2), when read_now gave nothing.
  int descriptor() const { return socket_.get(); }

 private:
  Status write_wire(ByteView bytes, const Patience& patience);
  Result<Bytes> read_wire();

  FileDescriptor socket_;
  std::optional<Tls> tls_;
};

}  // namespace countersign::transport::wormhole
