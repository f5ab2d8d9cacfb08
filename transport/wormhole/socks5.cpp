#include "transport/wormhole/socks5.hpp"

#include <array>

#include "storage/base/text.hpp"
#include "transport/http/address.hpp"

namespace countersign::transport::wormhole {
namespace {

constexpr std::uint8_t kSocksVersion = 5;
constexpr std::uint8_t kConnect = 1;
constexpr std::uint8_t kIpv4 = 1;
constexpr std::uint8_t kName = 3;
constexpr std::uint8_t kIpv6 = 4;
constexpr std::size_t kNameBytesMax = 255;

// Of its answers, which come piece by piece. The server behind it says nothing before it is spoken to.
class Answers {
 public:
  Answers(ByteStream& stream, const Patience& patience) : stream_(stream), patience_(patience) {}
  Result<Bytes> take(std::size_t size) {
    while (held_.size() < size) append(held_, TRY(stream_.read(patience_)));
    Bytes taken(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(size));
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(size));
    return taken;
  }
  bool empty() const { return held_.empty(); }

 private:
  ByteStream& stream_;
  const Patience& patience_;
  Bytes held_;
};

// RFC 1928 §6.
std::string refusal_of(std::uint8_t code) {
  static constexpr std::array<std::string_view, 9> kReasons = {"",
                                                               "it failed",
                                                               "its rules do not allow it",
                                                               "the network is unreachable",
                                                               "the host is unreachable",
                                                               "the connection was refused",
                                                               "it took too long",
                                                               "it knows no such command",
                                                               "it knows no such kind of address"};
  return code < kReasons.size() ? std::string(kReasons[code]) : "reason " + std::to_string(code);
}

}  // namespace

Status connect_through(ByteStream& proxy, const std::string& host, std::uint16_t port, const Patience& patience) {
  if (host.empty() || host.size() > kNameBytesMax) return fail(ErrorCode::usage, "no host for a proxy to find");
  Answers answers(proxy, patience);
  TRY(proxy.write(Bytes{kSocksVersion, 1, 0}, patience));
  const Bytes method = TRY(answers.take(2));
  if (method[0] != kSocksVersion) return fail(ErrorCode::network_failed, "the proxy speaks no SOCKS 5");
  if (method[1] != 0) return fail(ErrorCode::network_failed, "the proxy asks for a name and password");

  Bytes request = {kSocksVersion, kConnect, 0};
  if (const auto address = http::parse_address(host)) {
    const bool v4 = address->is_v4();
    request.push_back(v4 ? kIpv4 : kIpv6);
    append(request, ByteView(address->bytes).last(v4 ? 4 : 16));
  } else {
    request.push_back(kName);
    request.push_back(static_cast<std::uint8_t>(host.size()));
    append(request, as_bytes(host));
  }
  append_integer(request, port, 2);
  TRY(proxy.write(request, patience));
  const Bytes reply = TRY(answers.take(4));
  if (reply[0] != kSocksVersion) return fail(ErrorCode::network_failed, "the proxy speaks no SOCKS 5");
  if (reply[1] != 0) {
    return fail(ErrorCode::network_failed,
                "the proxy does not reach " + escape_for_display(host) + ": " + refusal_of(reply[1]));
  }
  std::size_t bound = 16;
  if (reply[3] == kIpv4) bound = 4;
  if (reply[3] == kName) bound = TRY(answers.take(1))[0];
  if (reply[3] != kIpv4 && reply[3] != kName && reply[3] != kIpv6) {
    return fail(ErrorCode::network_failed, "the proxy answers with no address");
  }
  TRY(answers.take(bound + 2));
  if (!answers.empty()) return fail(ErrorCode::network_failed, "the proxy says more than it was asked");
  return ok();
}

}  // namespace countersign::transport::wormhole
