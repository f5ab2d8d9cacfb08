// The client's side of HTTP: one server, GET, POST and DELETE, everything bounded.
//
// Nothing is fetched that was not asked for: redirects are handed back as they came, proxies of the environment are not
// used, nothing is kept between requests. https checks the certificate against the system's authorities.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/result.hpp"
#include "storage/base/secret.hpp"

namespace countersign::transport::http {

inline constexpr std::size_t kReplyBytesMax = 256u << 10;

struct HttpReply {
  int status = 0;
  std::string url;           // what was asked
  std::string content_type;  // as it was sent, with its parameters; may be empty, as the next two
  std::string location;      // where a redirect leads, which is not followed
  std::string authenticate;  // how one is to authenticate (RFC 9110 §11.6.1)
  std::string body;
};

// One thread at a time.
class HttpClient {
 public:
  // http://HOST[:PORT] or https://HOST[:PORT], at most a slash behind it; HOST is a name, an IPv4 address or an IPv6
  // one in brackets. Connects to nothing yet. usage.
  static Result<HttpClient> open(std::string_view base_url);

  // `path` begins with a slash and is sent as it is. Any status is a reply. network_failed, with a sentence for people.
  Result<HttpReply> get(std::string_view path);
  Result<HttpReply> post(std::string_view path, std::string_view content_type, std::string_view body);
  // The same, with a session's token (RFC 6750 §2.1). usage where that is none that a header can carry.
  Result<HttpReply> get(std::string_view path, const Secret& token);
  Result<HttpReply> remove(std::string_view path, const Secret& token);

  // For a whole exchange. The default is 30 seconds.
  void set_deadline(std::chrono::milliseconds deadline) { deadline_ = deadline; }

 private:
  HttpClient() = default;
  struct Body {
    std::string_view content_type;
    std::string_view text;
  };
  // `token` may be empty.
  Result<HttpReply> exchange(std::string_view method, std::string_view path, const Body& body,
                             const Secret& token) const;

  bool tls_ = false;
  std::string host_;
  std::uint16_t port_ = 0;
  std::chrono::milliseconds deadline_{30000};
};

}  // namespace countersign::transport::http
