#include "auth/secrets/pepper_key.hpp"

#include "storage/base/json.hpp"

namespace countersign::auth {

std::optional<std::string> pepper_key_named_in(std::string_view name, ByteView bytes) {
  if (!name.starts_with("users/") || !name.ends_with(".account")) return std::nullopt;
  const auto record = parse_json(as_text(bytes));
  const Json* pepper = record && record->members() != nullptr ? record->find("pepper") : nullptr;
  if (pepper == nullptr || pepper->string() == nullptr || pepper->string()->empty()) return std::nullopt;
  return *pepper->string();
}

}  // namespace countersign::auth
