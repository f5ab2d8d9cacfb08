#include "auth/records/invite.hpp"

#include <algorithm>
#include <array>

#include "auth/base/account_id.hpp"
#include "auth/records/printed_secret.hpp"
#include "auth/records/session.hpp"
#include "storage/base/hash.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::string_view kInviteIdLabel = "countersign invite v1";

constexpr std::array kInviteStates = {
    InviteStateRow{InviteState::pending, "pending", true, ErrorCode::failed},
    InviteStateRow{InviteState::used, "used", false, ErrorCode::invite_spent},
    InviteStateRow{InviteState::cancelled, "cancelled", false, ErrorCode::invite_cancelled},
    InviteStateRow{InviteState::stolen, "stolen", false, ErrorCode::invite_cancelled},
};

Result<Invite> parse_invite_members(const Json& json) {
  JsonReader reader(json);
  TRY(secrets::check_record_version(reader));
  Invite invite;
  invite.id = TRY(reader.text("invite"));
  TRY(check_invite_id(invite.id));
  invite.username = TRY(reader.text_or("username", ""));
  invite.profile = TRY(parse_profile(reader));
  invite.made_at = TRY(reader.time("made_at"));
  invite.expires_at = TRY(reader.time("expires_at"));
  const auto state = invite_state_named(TRY(reader.text("state")));
  if (!state) return fail(ErrorCode::malformed_message, "state");
  invite.state = *state;
  invite.account = TRY(reader.text_or("account", ""));
  if (!invite.account.empty()) TRY(check_account_id(invite.account));
  invite.ended_at = TRY(reader.time_if_any("ended_at"));
  invite.restores = TRY(reader.integer_or("restores", 0));
  TRY(reader.finish());
  if (invite.state == InviteState::used && invite.account.empty()) {
    return fail(ErrorCode::malformed_message, "account");
  }
  if ((invite.state == InviteState::pending) == invite.ended_at.has_value()) {
    return fail(ErrorCode::malformed_message, "ended_at");
  }
  return invite;
}

}  // namespace

const InviteStateRow& row_of(InviteState state) {
  return kInviteStates.at(static_cast<std::size_t>(state));
}

std::string_view name_of(InviteState state) {
  return row_of(state).name;
}

std::optional<InviteState> invite_state_named(std::string_view name) {
  const auto* const found = std::find_if(kInviteStates.begin(), kInviteStates.end(),
                                         [&](const InviteStateRow& row) { return row.name == name; });
  return found == kInviteStates.end() ? std::nullopt : std::optional(found->state);
}

Result<Secret> make_invite_secret(Rng& rng) {
  return make_printed_secret(rng, kInvitePrefix);
}

Result<std::string> invite_id_of(const Secret& secret) {
  if (!is_printed_secret(secret.reveal_text(), kInvitePrefix)) {
    return fail(ErrorCode::invite_unknown, "it has not the form of an invite's secret");
  }
  std::string text;
  text.reserve(kInviteIdLabel.size() + secret.size());
  text += kInviteIdLabel;
  text += secret.reveal_text();
  const Digest digest = sha256(as_bytes(text));
  wipe(text);
  return hex(ByteView(digest).first(kInviteIdDigits / 2));
}

Status check_invite_id(std::string_view id) {
  if (is_lower_hex(id, kInviteIdDigits)) return ok();
  return fail(ErrorCode::malformed_message, "an invite's id is 32 lower-case hex digits");
}

std::string invite_name(std::string_view id) {
  return std::string(kInvites) + std::string(id);
}

std::optional<std::string> invite_named_in(std::string_view name) {
  if (!name.starts_with(kInvites)) return std::nullopt;
  const std::string_view id = name.substr(kInvites.size());
  return check_invite_id(id) ? std::optional(std::string(id)) : std::nullopt;
}

Json write_invite(const Invite& invite) {
  Json json = Json::object().set("version", 1).set("invite", invite.id);
  if (!invite.username.empty()) json.set("username", invite.username);
  write_profile(invite.profile, json);
  json.set("made_at", format_time(invite.made_at))
      .set("expires_at", format_time(invite.expires_at))
      .set("state", name_of(invite.state));
  if (!invite.account.empty()) json.set("account", invite.account);
  if (invite.ended_at) json.set("ended_at", format_time(*invite.ended_at));
  if (invite.restores > 0) json.set("restores", invite.restores);
  return json;
}

Result<Invite> parse_invite(const Json& json) {
  return secrets::understood("invite", parse_invite_members(json));
}

Result<std::optional<StoredInvite>> find_invite(storage::Medium& medium, const secrets::RecordSeal& seal,
                                                std::string_view id) {
  const auto entry = TRY(find_record(medium, seal, invite_name(id)));
  if (!entry) return std::optional<StoredInvite>();
  return std::optional<StoredInvite>({TRY(parse_invite(entry->record)), entry->version});
}

void stage_new_invite(storage::Batch& batch, const secrets::RecordSeal& seal, const Invite& invite) {
  const std::string name = invite_name(invite.id);
  batch.require_absent(name);
  batch.put(name, seal.close(name, write_invite(invite)));
}

void stage_invite(storage::Batch& batch, const secrets::RecordSeal& seal, const StoredInvite& over,
                  const Invite& invite) {
  const std::string name = invite_name(invite.id);
  batch.require_version(name, over.version);
  batch.put(name, seal.close(name, write_invite(invite)));
}

Status judge_open_invite(const Invite& invite, std::int64_t restores, Instant now) {
  const InviteStateRow& row = row_of(invite.state);
  if (!row.opens) return fail(row.refusal, std::string(row.name));
  if (invite.restores != restores) return fail(ErrorCode::invite_expired, "the store was restored since");
  if (invite.made_at - now > kCreatedAheadMax) return fail(ErrorCode::invite_expired, "it was made ahead of the clock");
  if (now >= invite.expires_at) return fail(ErrorCode::invite_expired, "at " + format_time(invite.expires_at));
  return ok();
}

Status judge_invite(const Invite& invite, std::string_view username, std::int64_t restores, Instant now) {
  TRY(judge_open_invite(invite, restores, now));
  if (!invite.username.empty() && invite.username != username) {
    return fail(ErrorCode::invite_for_another, "it is for '" + invite.username + "'");
  }
  return ok();
}

std::string_view shown_state(const Invite& invite, std::int64_t restores, Instant now) {
  const InviteStateRow& row = row_of(invite.state);
  if (!row.opens) return row.name;
  if (invite.restores != restores) return "void";
  return judge_open_invite(invite, restores, now) ? row.name : "expired";
}

Instant end_of(const Invite& invite) {
  return invite.ended_at.value_or(invite.expires_at);
}

}  // namespace countersign::auth::records
