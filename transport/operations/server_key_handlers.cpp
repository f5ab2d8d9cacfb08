#include "transport/operations/handlers.hpp"

namespace countersign::transport {
namespace {

Json time_or_never(const std::optional<Instant>& at) {
  return at ? Json(format_time(*at)) : Json();
}

std::string uses_of(const auth::openpgp::KeyFacts& key) {
  std::string uses;
  const auto add = [&](bool can, std::string_view use) {
    if (!can) return;
    if (!uses.empty()) uses += ' ';
    uses += use;
  };
  add(key.can_certify, "certify");
  add(key.can_sign, "sign");
  add(key.can_encrypt, "encrypt");
  return uses;
}

Json key_fields(const auth::openpgp::KeyFacts& key, std::string_view part) {
  return Json::object()
      .set("part", part)
      .set("fingerprint", key.fingerprint.upper())
      .set("algorithm", key.algorithm)
      .set("uses", uses_of(key))
      .set("created_at", format_time(key.created_at))
      .set("expires_at", time_or_never(key.expires_at))
      .set("revoked", key.revoked);
}

Json view_fields(const auth::ServerKeyView& view) {
  Json keys = Json::array();
  keys.push(key_fields(view.facts.primary, "primary"));
  for (const auto& subkey : view.facts.subkeys) keys.push(key_fields(subkey, "subkey"));
  return Json::object()
      .set("server", view.identity.name())
      .set("fingerprint", view.identity.fingerprint().upper())
      .set("expires_at", time_or_never(view.facts.primary.expires_at))
      .set("secret_key", view.place)
      .set("keys", std::move(keys));
}

}  // namespace

Result<Json> show_server_key(auth::Authenticator& auth, const Message& message) {
  TRY(JsonReader(message.fields).finish());
  return view_fields(TRY(auth.show_server_key()));
}

Result<Json> extend_server_key(auth::Authenticator& auth, const Message& message) {
  JsonReader reader(message.fields);
  const bool never = TRY(reader.boolean_or("never", false));
  const auto expires_at = TRY(reader.time_if_any("expires_at"));
  TRY(reader.finish());
  if (never == expires_at.has_value()) {
    return fail(ErrorCode::malformed_message, "either 'expires_at' or 'never'");
  }
  return view_fields(TRY(auth.extend_server_key(expires_at, visit_of(message))));
}

}  // namespace countersign::transport
