// Where a mailbox is: wss://HOST[:PORT]/v1. What the two sides exchange is closed to it in any case, but without TLS
// everybody on the way reads when who meets whom, and can be the mailbox; so ws:// is for this machine, for an onion
// address, which Tor protects, and for who says so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/result.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::string_view kMailboxPath = "/v1";

struct MailboxUrl {
  bool tls = true;
  std::string host;  // a name, or an address without its brackets
  std::uint16_t port = 443;

  // As it is written in a URL and in a Host header: an IPv6 address in brackets, the port where it is not the usual.
  std::string authority() const;
  std::string text() const;
  bool is_onion() const;

  friend bool operator==(const MailboxUrl&, const MailboxUrl&) = default;
};

enum class InsecureMailbox : std::uint8_t { refused, allowed };

// usage, with what to write instead.
Result<MailboxUrl> parse_mailbox_url(std::string_view text, InsecureMailbox insecure = InsecureMailbox::refused);

}  // namespace countersign::transport::wormhole
