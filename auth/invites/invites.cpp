#include "auth/invites/invites.hpp"

#include "auth/base/account_id.hpp"
#include "auth/records/id_prefixes.hpp"

namespace countersign::auth::invites {
namespace {

Status check_lifetime(Seconds lifetime) {
  if (lifetime >= kInviteLifetimeMin && lifetime <= kInviteLifetimeMax) return ok();
  return fail(ErrorCode::malformed_message, "an invite is good for a minute at least and 365 days at most");
}

records::AuditEntry entry_of(records::Decision decision, const records::Invite& invite, const Visit& visit, Instant at,
                             const std::string& more = "") {
  std::string detail = "invite " + invite.id;
  if (!invite.username.empty()) detail += " for " + invite.username;
  return {decision, at, invite.account, "", "", visit.source, detail + more};
}

records::Invite ended(const records::Invite& invite, records::InviteState state, Instant at) {
  records::Invite out = invite;
  out.state = state;
  out.ended_at = at;
  return out;
}

// One that was used, or taken back already.
Status judge_unused(const records::Invite& invite) {
  const records::InviteStateRow& row = row_of(invite.state);
  if (row.opens) return ok();
  return fail(row.refusal, "invite " + invite.id + " is " + std::string(row.name));
}

// Is it the account that the invite came to, and not one that has its name since?
bool came_of(const records::Account& account, const records::Invite& invite) {
  return account.state != records::AccountState::deleted && account.created_at == invite.ended_at;
}

}  // namespace

Result<MadeInvite> Invites::begin(const std::string& username, const records::Profile& profile, Seconds lifetime,
                                  const Moment& moment) const {
  Secret secret = TRY(records::make_invite_secret(context_.rng));
  records::Invite invite;
  invite.id = TRY(records::invite_id_of(secret));
  invite.username = username;
  invite.profile = profile;
  invite.made_at = moment.judged;
  invite.expires_at = moment.judged + lifetime;
  invite.restores = context_.identity.restores();
  return MadeInvite{std::move(invite), std::move(secret)};
}

Result<MadeInvite> Invites::make(const NewInvite& wanted, const Visit& visit) {
  TRY(check_lifetime(wanted.lifetime));
  TRY(records::check_profile(wanted.profile));
  if (!wanted.username.empty()) {
    TRY(check_new_username(wanted.username));
    const auto stored = TRY(context_.accounts.find(account_id_of(wanted.username)));
    if (stored && stored->account.state != records::AccountState::deleted) {
      return fail(ErrorCode::account_exists, wanted.username);
    }
  }
  const Moment moment = context_.timekeeper.now();
  MadeInvite made = TRY(begin(wanted.username, wanted.profile, wanted.lifetime, moment));
  storage::Batch batch;
  stage_new_invite(batch, context_.seal, made.invite);
  TRY(context_.audit.commit(batch, entry_of(records::Decision::invite_made, made.invite, visit, moment.wall)));
  return made;
}

Result<records::StoredInvite> Invites::find(const std::string& typed) {
  const std::string id = TRY(records::find_invite_meant(context_.medium, typed));
  auto stored = TRY(records::find_invite(context_.medium, context_.seal, id));
  if (!stored) return fail(ErrorCode::not_found, "no such invite: " + id);
  return *std::move(stored);
}

Result<records::Invite> Invites::show(const std::string& typed) {
  return TRY(find(typed)).invite;
}

Result<InvitePage> Invites::list(const std::string& after, std::size_t limit) {
  InvitePage page;
  const std::string begin = after.empty() ? std::string() : records::invite_name(after);
  TRY(storage::visit_names(
      context_.medium, std::string(records::kInvites), begin, [&](const std::string& name) -> Result<bool> {
        const auto id = records::invite_named_in(name);
        if (!id) return true;
        auto stored = records::find_invite(context_.medium, context_.seal, *id);
        if (!stored && face_of(stored.error().code) != Face::integrity) {
          return tl::unexpected<Error>(stored.error());
        }
        if (stored && !*stored) return true;
        if (page.invites.size() == limit) {
          page.next = page.invites.back().id;
          return false;
        }
        page.invites.push_back({*id, stored ? Result<records::Invite>(std::move((*stored)->invite))
                                            : Result<records::Invite>(tl::unexpected<Error>(stored.error()))});
        return true;
      }));
  return page;
}

Result<records::Invite> Invites::renew(const std::string& typed, Seconds lifetime, const Visit& visit) {
  TRY(check_lifetime(lifetime));
  const Moment moment = context_.timekeeper.now();
  return until_settled([&]() -> Result<records::Invite> {
    const auto stored = TRY(find(typed));
    TRY(judge_unused(stored.invite));
    if (stored.invite.restores != context_.identity.restores()) {
      return fail(ErrorCode::invite_expired, "the store was restored since: make another invite");
    }
    records::Invite renewed = stored.invite;
    renewed.expires_at = moment.judged + lifetime;
    if (renewed.expires_at <= stored.invite.expires_at) {
      return fail(ErrorCode::malformed_message,
                  "the invite is good until " + format_time(stored.invite.expires_at) + " already");
    }
    storage::Batch batch;
    stage_invite(batch, context_.seal, stored, renewed);
    TRY(context_.audit.commit(batch, entry_of(records::Decision::invite_renewed, renewed, visit, moment.wall,
                                              " until " + format_time(renewed.expires_at))));
    return renewed;
  });
}

Result<records::Invite> Invites::cancel(const std::string& typed, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  return until_settled([&]() -> Result<records::Invite> {
    const auto stored = TRY(find(typed));
    TRY(judge_unused(stored.invite));
    records::Invite cancelled = ended(stored.invite, records::InviteState::cancelled, moment.judged);
    storage::Batch batch;
    stage_invite(batch, context_.seal, stored, cancelled);
    TRY(commit_urgently(context_, batch, entry_of(records::Decision::invite_cancelled, cancelled, visit, moment.wall)));
    return cancelled;
  });
}

Result<StolenInvite> Invites::judge_stolen(const std::string& typed, Seconds lifetime, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const auto stored = TRY(find(typed));
  if (stored.invite.state == records::InviteState::stolen) {
    return fail(ErrorCode::invite_cancelled, "invite " + stored.invite.id + " was reported as stolen already");
  }
  StolenInvite stolen;
  stolen.invite = ended(stored.invite, records::InviteState::stolen, moment.judged);
  stolen.next = TRY(begin(stored.invite.username, stored.invite.profile, lifetime, moment));
  storage::Batch batch;
  stage_invite(batch, context_.seal, stored, stolen.invite);
  stage_new_invite(batch, context_.seal, stolen.next.invite);
  records::AuditEntry entry = entry_of(records::Decision::invite_stolen, stolen.invite, visit, moment.wall,
                                       ", in its place " + stolen.next.invite.id);
  const auto account = stolen.invite.account.empty() ? std::optional<records::StoredAccount>()
                                                     : TRY(context_.accounts.find(stolen.invite.account));
  if (!account || !came_of(account->account, stored.invite)) {
    TRY(commit_urgently(context_, batch, entry));
    return stolen;
  }
  stolen.account_deleted = account->account.id;
  entry.key = account->account.fingerprint.upper();
  entry.detail += ", account " + account->account.username + " deleted";
  records::Account changed = account->account;
  context_.accounts.stage_tombstone(batch, changed, moment.wall);
  TRY(withdrawals_.commit(batch, *account, changed,
                          {records::Withdrawn::deleted, account->account.fingerprint, "no_longer_valid"}, entry));
  return stolen;
}

Result<StolenInvite> Invites::report_stolen(const std::string& typed, Seconds lifetime, const Visit& visit) {
  TRY(check_lifetime(lifetime));
  return until_settled([&] { return judge_stolen(typed, lifetime, visit); });
}

}  // namespace countersign::auth::invites
