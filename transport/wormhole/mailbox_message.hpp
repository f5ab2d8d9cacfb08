// What a client says to a mailbox and what it hears: JSON objects, one a WebSocket message, told apart by `type`
// (server-protocol.md of magic-wormhole-protocols).
//
//   > {"type":"add","phase":"pake","body":"7b22…"}
//   <
//   {"type":"message","side":"1828a18210","phase":"pake","body":"7b22…","id":"…","server_rx":1790000000.1,"server_tx":…}
//
// A mailbox is a stranger. What it says is bounded in size; types and members that are not known are passed over, as
// the protocol wants it; a member of the wrong type is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "storage/base/bytes.hpp"
#include "storage/base/result.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::size_t kMailboxMessageBytesMax = 64u << 10;
inline constexpr std::size_t kBodyBytesMax = 24u << 10;  // twice as much in hex
inline constexpr std::size_t kMailboxNameBytesMax = 64;  // of a side, a phase and a mailbox

// Why a side closes, as the mailbox counts it.
enum class Mood : std::uint8_t {
  happy,
  lonely,  // nobody came
  scary,   // a message did not open: a wrong guess, or somebody between the two
  errory,
};
std::string_view name_of(Mood mood);

struct Bind {
  std::string appid, side;
};
struct Allocate {};
struct Claim {
  std::string nameplate;
};
struct Release {
  std::string nameplate;
};
struct Open {
  std::string mailbox;
};
struct Add {
  std::string phase;
  Bytes body;
};
struct Close {
  std::string mailbox;
  Mood mood;
};
struct Ping {
  std::int64_t number;
};
using MailboxCommand = std::variant<Bind, Allocate, Claim, Release, Open, Add, Close, Ping>;

// Compact.
std::string write_command(const MailboxCommand& command);

struct Welcome {
  std::string error;              // why the mailbox serves nobody, or nobody of our kind; empty: it does
  bool permission_asked = false;  // it wants something done first that we cannot do
};
struct Allocated {
  std::string nameplate;
};
struct Claimed {
  std::string mailbox;
};
struct Released {};
struct PhaseMessage {
  std::string side, phase;
  Bytes body;
};
struct Closed {};
struct Pong {
  std::int64_t number;
};
struct MailboxError {
  std::string reason;  // escaped for display
};
struct PassedOver {};  // an ack, or a type that is not known
using MailboxAnswer =
    std::variant<Welcome, Allocated, Claimed, Released, PhaseMessage, Closed, Pong, MailboxError, PassedOver>;

// message_too_large; malformed_json; malformed_message for a member that is missing, of the wrong type or out of
// bounds.
Result<MailboxAnswer> parse_answer(std::string_view text);

// 1 to kMailboxNameBytesMax bytes of UTF-8 without controls.
bool is_mailbox_name(std::string_view name);

}  // namespace countersign::transport::wormhole
