// TLS (RFC 8446) as a client, between buffers: OpenSSL touches no socket, so whoever owns the socket decides how long
// to wait, and a peer that is gone raises no signal.
#pragma once

#include <memory>
#include <string>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace countersign::transport::wormhole {

class Tls {
 public:
  // For this host, a name or an address, whose certificate has to name it and to lead to an authority that the system
  // knows, or to one in `ca_file` (PEM) where that is not empty. usage for a file that holds none.
  static Result<Tls> begin(const std::string& host, const std::string& ca_file);

  // What came from the socket goes in, what it has to be sent comes out.
  void take_wire(ByteView bytes);
  Bytes wire();

  // True once it is done; until then more has to come. network_failed, with the reason, for a certificate that is not
  // good.
  Result<bool> shake_hands();
  // Empty where more has to come. network_failed where the connection is over.
  Result<Bytes> read();
  Status write(ByteView bytes);
  void say_goodbye();

 private:
  struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
  };
  struct FreeSession {
    void operator()(ssl_st* session) const;
  };
  Tls() = default;

  std::unique_ptr<ssl_ctx_st, FreeContext> context_;
  std::unique_ptr<ssl_st, FreeSession> session_;
};

}  // namespace countersign::transport::wormhole
