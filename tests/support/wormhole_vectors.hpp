// fixtures/vectors/wormhole.json. What is missing there throws.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "storage/base/json.hpp"
#include "storage/base/secret.hpp"

namespace countersign::test {

inline Json wormhole_vectors() {
  std::ifstream in(std::string(COUNTERSIGN_FIXTURES) + "/vectors/wormhole.json");
  auto json = parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!json) throw std::runtime_error(json.error().detail);
  return *std::move(json);
}

inline const Json& member_of(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  if (found == nullptr) throw std::runtime_error("no member " + std::string(name));
  return *found;
}
inline std::string text_of(const Json& json, std::string_view name) {
  return *member_of(json, name).string();
}
inline Bytes bytes_of(const Json& json, std::string_view name) {
  return from_hex(text_of(json, name)).value();
}
inline Secret secret_of(const Json& json, std::string_view name) {
  return Secret(bytes_of(json, name));
}
inline Secret secret_text(std::string_view text) {
  return Secret(as_bytes(text));
}

}  // namespace countersign::test
