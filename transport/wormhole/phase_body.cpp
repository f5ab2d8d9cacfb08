#include "transport/wormhole/phase_body.hpp"

#include <algorithm>

#include "storage/base/foreign_json.hpp"
#include "storage/base/text.hpp"

namespace countersign::transport::wormhole {

std::optional<std::uint32_t> phase_number(std::string_view phase) {
  const auto number = parse_number(phase);
  if (!number || *number > kPhaseNumberMax) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

Bytes pake_body(const PakeMessage& message) {
  return to_bytes(write_json(Json::object().set("pake_v1", hex(message))));
}

Result<PakeMessage> parse_pake_body(ByteView body) {
  const Json json = TRY(parse_foreign_json(as_text(body)));
  JsonReader reader(json);
  const auto bytes = from_hex(TRY(reader.text("pake_v1")));
  PakeMessage message;
  if (!bytes || bytes->size() != message.size()) {
    return fail(ErrorCode::malformed_message, "member 'pake_v1' is not 33 bytes in hex");
  }
  std::copy(bytes->begin(), bytes->end(), message.begin());
  return message;
}

Bytes version_body(const Json& app_versions) {
  return to_bytes(write_json(Json::object().set("app_versions", app_versions)));
}

Result<Json> parse_version_body(const Secret& body) {
  const Json json = TRY(parse_foreign_json(body.reveal_text()));
  if (json.members() == nullptr) return fail(ErrorCode::malformed_message, "a version that is no object");
  const Json* versions = json.find("app_versions");
  if (versions == nullptr) return Json::object();
  if (versions->members() == nullptr) return fail(ErrorCode::malformed_message, "'app_versions' is no object");
  return *versions;
}

}  // namespace countersign::transport::wormhole
