// What stands in the bodies of the phases that every wormhole has, before any of its application
// (client-protocol.md of magic-wormhole-protocols): JSON.
//
//   pake      {"pake_v1":"53…"}       a SPAKE2 message in hex; for everybody to read
//   version   {"app_versions":{…}}    closed
//   0, 1, …   the application's, closed
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/base/json.hpp"
#include "transport/wormhole/spake2.hpp"

namespace countersign::transport::wormhole {

inline constexpr std::string_view kPakePhase = "pake";
inline constexpr std::string_view kVersionPhase = "version";
inline constexpr std::uint32_t kPhaseNumberMax = 999;

// The number of an application's phase; nothing for the others, for a number that is written in another way and for
// one over kPhaseNumberMax.
std::optional<std::uint32_t> phase_number(std::string_view phase);

Bytes pake_body(const PakeMessage& message);
// malformed_json, malformed_message. Whether it is a point is for SPAKE2 to say.
Result<PakeMessage> parse_pake_body(ByteView body);

Bytes version_body(const Json& app_versions);
// What the peer's application says of itself; an empty object where it says nothing. malformed_json,
// malformed_message.
Result<Json> parse_version_body(const Secret& body);

}  // namespace countersign::transport::wormhole
