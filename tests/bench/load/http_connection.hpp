// One keep-alive connection to a server, over blocking sockets: little enough that the client does not weigh on the
// machine that it measures.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/file_descriptor.hpp"

namespace countersign::bench {

struct Address {
  std::string host;
  std::string port;
};
// Of http://HOST[:PORT]. Throws std::invalid_argument.
Address address_of(std::string_view url);

struct Reply {
  int status = 0;
  std::string body;
};

// One thread at a time. Throws std::runtime_error where the server does not answer as HTTP/1.1 with a Content-Length.
class HttpConnection {
 public:
  // Connects with the first request, and again where the server has closed.
  explicit HttpConnection(Address address) : address_(std::move(address)) {}

  // `headers` end in CRLF each.
  Reply exchange(std::string_view method, std::string_view path, std::string_view headers, std::string_view body);

 private:
  void connect();
  bool send_all(std::string_view bytes);
  bool receive_more();
  bool receive_head();
  Reply receive_rest();

  const Address address_;
  FileDescriptor socket_;
  std::string received_;
  std::size_t head_bytes_ = 0;
};

}  // namespace countersign::bench
