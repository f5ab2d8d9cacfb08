#include "auth/records/session.hpp"

#include "auth/base/account_id.hpp"
#include "auth/records/printed_secret.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::size_t kSessionIdBytes = 16;

Result<Session> parse_session_members(const Json& json) {
  JsonReader reader(json);
  TRY(secrets::check_record_version(reader));
  Session session;
  session.id = TRY(reader.text("session"));
  session.account = TRY(reader.text("account"));
  TRY(check_session_id(session.id));
  TRY(check_account_id(session.account));
  session.username = TRY(reader.text("username"));
  session.method = TRY(reader.text("method"));
  session.fingerprint = TRY(reader.text("fingerprint"));
  session.transport = TRY(reader.text("transport"));
  const std::int64_t epoch = TRY(reader.integer("epoch"));
  if (epoch < 0) return fail(ErrorCode::malformed_message, "epoch");
  session.epoch = static_cast<std::uint64_t>(epoch);
  session.restores = TRY(reader.integer_or("restores", 0));
  session.created_at = TRY(reader.time("created_at"));
  session.idle_expires_at = TRY(reader.time("idle_expires_at"));
  session.expires_at = TRY(reader.time("expires_at"));
  session.use_before = TRY(reader.time_if_any("use_before"));
  session.replaced_at = TRY(reader.time_if_any("replaced_at"));
  TRY(reader.finish());
  return session;
}

}  // namespace

Result<Secret> make_token(Rng& rng) {
  return make_printed_secret(rng, kTokenPrefix);
}

Result<std::string> make_session_id(Rng& rng) {
  return hex(TRY(random_bytes(rng, kSessionIdBytes)));
}

Status check_session_id(std::string_view id) {
  if (!is_lower_hex(id, 2 * kSessionIdBytes)) {
    return fail(ErrorCode::malformed_message, "a session id is 32 lower-case hex digits");
  }
  return ok();
}

Result<std::string> session_name(std::string_view token) {
  if (!is_printed_secret(token, kTokenPrefix)) return fail(ErrorCode::malformed_token);
  return "sessions/" + hex(sha256(as_bytes(token)));
}

std::string pointer_name(std::string_view account, std::string_view session_id) {
  return "sessions-of/" + std::string(account) + "/" + std::string(session_id);
}

Json write_session(const Session& session) {
  Json json = Json::object()
                  .set("version", 1)
                  .set("session", session.id)
                  .set("account", session.account)
                  .set("username", session.username)
                  .set("method", session.method)
                  .set("fingerprint", session.fingerprint)
                  .set("transport", session.transport)
                  .set("epoch", static_cast<std::int64_t>(session.epoch))
                  .set("created_at", format_time(session.created_at))
                  .set("idle_expires_at", format_time(session.idle_expires_at))
                  .set("expires_at", format_time(session.expires_at));
  if (session.restores > 0) json.set("restores", session.restores);
  if (session.use_before) json.set("use_before", format_time(*session.use_before));
  if (session.replaced_at) json.set("replaced_at", format_time(*session.replaced_at));
  return json;
}

Result<Session> parse_session(const Json& json) {
  return secrets::understood("session", parse_session_members(json));
}

Status judge_session(const Session& session, Instant now) {
  if (session.replaced_at) return fail(ErrorCode::session_replaced);
  // Opened while the clock ran ahead: its limits lie as far ahead as it did.
  const bool ahead = session.created_at - now > kCreatedAheadMax;
  if (session.use_before) {
    if (ahead || now >= *session.use_before) return fail(ErrorCode::session_grant_expired);
    return ok();
  }
  if (ahead) return fail(ErrorCode::session_expired, "it was opened ahead of the clock");
  if (now >= session.idle_expires_at) return fail(ErrorCode::session_expired, "idle");
  if (now >= session.expires_at) return fail(ErrorCode::session_expired, "absolute");
  return ok();
}

Status judge_restores(const Session& session, std::int64_t restores) {
  if (session.restores != restores) return fail(ErrorCode::session_expired, "the store was restored since");
  return ok();
}

}  // namespace countersign::auth::records
