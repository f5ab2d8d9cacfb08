#include "transport/http/client.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <netdb.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "storage/base/text.hpp"
#include "transport/http/address.hpp"

namespace countersign::transport::http {
namespace {

constexpr std::chrono::seconds kConnectTime{10};
constexpr std::chrono::seconds kSilenceTime{15};
constexpr std::size_t kHostBytesMax = 253;

// httplib's timeouts are each for one read; this one is for all of them.
class Watchdog {
 public:
  Watchdog(httplib::ClientImpl& client, std::chrono::milliseconds deadline)
      : thread_([this, &client, deadline] {
          std::unique_lock lock(mutex_);
          if (done_changed_.wait_for(lock, deadline, [this] { return done_; })) return;
          barked_ = true;
          client.stop();
        }) {}
  ~Watchdog() { finish(); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Whether it had to end the exchange.
  bool finish() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    done_changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    return barked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
  bool barked_ = false;
  std::thread thread_;  // last: it uses the others
};

// httplib sends without MSG_NOSIGNAL: a server that closes early must not end the process.
class PipeSignalBlocked {
 public:
  PipeSignalBlocked() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~PipeSignalBlocked() {
    const timespec none{0, 0};
    if (sigismember(&before_, SIGPIPE) == 0) {
      while (sigtimedwait(&pipe_, nullptr, &none) > 0) continue;
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalBlocked(const PipeSignalBlocked&) = delete;
  PipeSignalBlocked& operator=(const PipeSignalBlocked&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

// The library does not tell a name that nobody knows from a connection that nobody takes.
bool has_address(const std::string& host) {
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, nullptr, &found) != 0) return false;
  ::freeaddrinfo(found);
  return true;
}

// OpenSSL's verdict on the chain, with what helps where the authority is one's own.
std::string words_on_certificate(long verified) {
  const bool unknown =
      verified == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || verified == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
      verified == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || verified == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
  return fmt::format("the server's TLS certificate does not hold: {}{}", X509_verify_cert_error_string(verified),
                     unknown ? "; SSL_CERT_FILE=FILE makes an authority of one's own known" : "");
}

std::string_view sentence_of(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "cannot connect";
    case httplib::Error::ConnectionTimeout:
      return "cannot connect in time";
    case httplib::Error::BindIPAddress:
      return "cannot use the local address";
    case httplib::Error::Read:
      return "the server ended the connection or answered nothing in time";
    case httplib::Error::Write:
      return "the request could not be sent";
    case httplib::Error::SSLConnection:
      return "no TLS connection: the server does not speak it, or none we accept";
    case httplib::Error::SSLLoadingCerts:
      return "the system's certificate authorities cannot be read";
    case httplib::Error::SSLServerVerification:
      return "the server's TLS certificate is not for that name";
    case httplib::Error::Success:
    case httplib::Error::Unknown:
    case httplib::Error::ExceedRedirectCount:
    case httplib::Error::Canceled:
    case httplib::Error::UnsupportedMultipartBoundaryChars:
    case httplib::Error::Compression:
      return "the exchange failed";
  }
  return "the exchange failed";
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= kHostBytesMax && host.front() != '-' && host.front() != '.' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
         });
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Result<HttpClient> HttpClient::open(std::string_view base_url) {
  const auto refused = [&](std::string_view why) {
    return fail(ErrorCode::usage,
                "not http(s)://HOST[:PORT]: " + escape_for_display(base_url) + ": " + std::string(why));
  };
  HttpClient client;
  std::string_view rest = base_url;
  if (rest.starts_with("https://")) {
    client.tls_ = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return refused("neither http nor https");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) return refused("it has a path");
  std::string_view host = rest;
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return refused("no closing bracket");
    host = rest.substr(1, bracket - 1);
    port = rest.substr(bracket + 1);
    const auto address = parse_address(host);
    if (!address || host.find(':') == std::string_view::npos) return refused("no IPv6 address in brackets");
  } else {
    host = rest.substr(0, rest.find(':'));
    port = rest.substr(host.size());
    if (!is_host_name(host)) return refused("the host");
  }
  client.port_ = client.tls_ ? 443 : 80;
  if (!port.empty()) {
    if (!port.starts_with(':')) return refused("what follows the host");
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), client.port_);
    if (error != std::errc{} || end != port.data() + port.size() || client.port_ == 0) return refused("the port");
  }
  client.host_ = host;
  return client;
}

Result<HttpReply> HttpClient::get(std::string_view path) {
  return exchange("GET", path, {}, Secret());
}

Result<HttpReply> HttpClient::post(std::string_view path, std::string_view content_type, std::string_view body) {
  return exchange("POST", path, {content_type, body}, Secret());
}

Result<HttpReply> HttpClient::get(std::string_view path, const Secret& token) {
  return exchange("GET", path, {}, token);
}

Result<HttpReply> HttpClient::remove(std::string_view path, const Secret& token) {
  return exchange("DELETE", path, {}, token);
}

Result<HttpReply> HttpClient::exchange(std::string_view method, std::string_view path, const Body& body,
                                       const Secret& token) const {
  const bool v6 = host_.find(':') != std::string::npos;
  const std::string to = (v6 ? "[" + host_ + "]" : host_) + ":" + std::to_string(port_);
  const auto failed = [&](std::string_view why) {
    return fail(ErrorCode::network_failed, to + ": " + std::string(why));
  };
  if (!path.starts_with('/') || !is_printable(path)) return fail(ErrorCode::usage, "not a path to ask a server for");
  if (!is_printable(token.reveal_text())) return fail(ErrorCode::usage, "not a token that a header can carry");
  try {
    std::unique_ptr<httplib::ClientImpl> client;
    const httplib::SSLClient* client_of_tls = nullptr;
    if (tls_) {
      auto secure = std::make_unique<httplib::SSLClient>(host_, port_);
      secure->enable_server_certificate_verification(true);
      client_of_tls = secure.get();
      client = std::move(secure);
    } else {
      client = std::make_unique<httplib::ClientImpl>(host_, port_);
    }
    client->set_connection_timeout(kConnectTime);
    client->set_read_timeout(kSilenceTime);
    client->set_write_timeout(kSilenceTime);
    client->set_follow_location(false);
    client->set_keep_alive(false);
    client->set_decompress(false);
    client->set_url_encode(false);

    httplib::Request request;
    request.method = method;
    request.path = path;
    request.body = body.text;
    request.set_header("User-Agent", "countersign/" COUNTERSIGN_VERSION);
    if (!body.content_type.empty()) request.set_header("Content-Type", std::string(body.content_type));
    if (!token.empty()) request.set_header("Authorization", "Bearer " + std::string(token.reveal_text()));
    HttpReply reply;
    bool too_large = false;
    request.content_receiver = [&](const char* bytes, std::size_t size, std::uint64_t, std::uint64_t) {
      too_large = reply.body.size() + size > kReplyBytesMax;
      if (!too_large) reply.body.append(bytes, size);
      return !too_large;
    };
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    const PipeSignalBlocked no_pipe_signal;
    Watchdog watchdog(*client, deadline_);
    const bool sent = client->send(request, response, error);
    if (watchdog.finish()) return failed("the server did not answer in time");
    if (too_large) return failed("the answer is larger than 256 KiB");
    if (!sent && error == httplib::Error::Connection && !has_address(host_)) {
      return failed("no address is known for that name; is it spelled right?");
    }
    if (!sent && error == httplib::Error::SSLServerVerification) {
      const long verified = client_of_tls->get_openssl_verify_result();
      if (verified != X509_V_OK) return failed(words_on_certificate(verified));
    }
    if (!sent) return failed(sentence_of(error));
    reply.status = response.status;
    reply.url = (tls_ ? "https://" : "http://") + to + std::string(path);
    reply.content_type = response.get_header_value("Content-Type");
    reply.location = response.get_header_value("Location");
    reply.authenticate = response.get_header_value("WWW-Authenticate");
    return reply;
  } catch (const std::exception& thrown) {
    return failed(thrown.what());
  }
}

}  // namespace countersign::transport::http
