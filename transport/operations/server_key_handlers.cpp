#include <algorithm>

#include "auth/records/succession.hpp"
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

// When it was the server's, and until when who knows it is led to the present one: null where nobody is.
Json former_fields(const auth::records::ServerCertificate& former, const std::optional<Instant>& leads_until) {
  return Json::object()
      .set("fingerprint", former.fingerprint.upper())
      .set("since", format_time(former.since))
      .set("until", time_or_never(former.until))
      .set("leads_until", time_or_never(leads_until));
}

Json view_fields(const auth::upkeep::ServerKeyView& view) {
  Json keys = Json::array();
  keys.push(key_fields(view.facts.primary, "primary"));
  for (const auto& subkey : view.facts.subkeys) keys.push(key_fields(subkey, "subkey"));
  Json former = Json::array();
  const auto& certificates = view.identity.certificates();
  const std::size_t leading = view.identity.followed_at(view.now).size();
  std::optional<Instant> leads_until;
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    const auto step = auth::records::parse_succession(certificates[i].succession);
    // The way leads through every step to the present key, and ends with the first of them.
    leads_until = i > leading || !step ? std::nullopt
                  : leads_until        ? std::optional(std::min(*leads_until, step->expires_at))
                                       : std::optional(step->expires_at);
    former.push(former_fields(certificates[i], leads_until));
  }
  return Json::object()
      .set("server", view.identity.name())
      .set("fingerprint", view.identity.fingerprint().upper())
      .set("expires_at", time_or_never(view.facts.primary.expires_at))
      .set("secret_key", view.place)
      .set("since", format_time(certificates.front().since))
      .set("keys", std::move(keys))
      .set("former", std::move(former))
      .set("remark", view.remark);
}

}  // namespace

Result<Json> show_server_key(const Message& message, auth::upkeep::KeyUpkeep& upkeep) {
  TRY(JsonReader(message.fields).finish());
  return view_fields(TRY(upkeep.show()));
}

Result<Json> extend_server_key(const Message& message, auth::upkeep::KeyUpkeep& upkeep) {
  JsonReader reader(message.fields);
  const bool never = TRY(reader.boolean_or("never", false));
  const auto expires_at = TRY(reader.time_if_any("expires_at"));
  TRY(reader.finish());
  if (never == expires_at.has_value()) {
    return fail(ErrorCode::malformed_message, "either 'expires_at' or 'never'");
  }
  return view_fields(TRY(upkeep.extend(expires_at, visit_of(message))));
}

Result<Json> refresh_server_key(const Message& message, auth::upkeep::KeyUpkeep& upkeep) {
  TRY(JsonReader(message.fields).finish());
  return view_fields(TRY(upkeep.refresh(visit_of(message))));
}

Result<Json> replace_server_key(const Message& message, auth::upkeep::KeyUpkeep& upkeep) {
  JsonReader reader(message.fields);
  const std::int64_t overlap = TRY(reader.integer_or("overlap_seconds", 0));
  const bool alone = TRY(reader.boolean_or("without_succession", false));
  TRY(reader.finish());
  if (alone && overlap != 0) {
    return fail(ErrorCode::malformed_message, "either 'overlap_seconds' or 'without_succession'");
  }
  auth::upkeep::KeyReplacement request;
  if (!alone) request.overlap = overlap == 0 ? auth::upkeep::kOverlapDefault : Seconds(overlap);
  return view_fields(TRY(upkeep.replace(request, visit_of(message))));
}

}  // namespace countersign::transport
