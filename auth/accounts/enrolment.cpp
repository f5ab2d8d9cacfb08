#include "auth/accounts/enrolment.hpp"

#include "auth/base/account_id.hpp"
#include "auth/keys/metadata.hpp"
#include "auth/keys/refresh.hpp"
#include "auth/proving/newcomer.hpp"
#include "auth/proving/next_key.hpp"
#include "auth/records/consumed.hpp"
#include "storage/base/enum_names.hpp"

namespace countersign::auth::accounts {
namespace {

constexpr EnumNames<EnrolledAs::added, EnrolledAs::unchanged> kEnrolledAs("added", "refreshed", "unchanged");

Json write_held(const HeldEnrolment& held) {
  return Json::object()
      .set("version", 1)
      .set("fingerprint", held.fingerprint.upper())
      .set("username", held.username)
      .set("held_at", format_time(held.held_at))
      .set("certificate", held.certificate);
}

Result<HeldEnrolment> parse_held(const Json& json) {
  const auto parse = [&]() -> Result<HeldEnrolment> {
    JsonReader reader(json);
    TRY(secrets::check_record_version(reader));
    HeldEnrolment held;
    held.fingerprint = TRY(Fingerprint::parse(TRY(reader.text("fingerprint"))));
    held.username = TRY(reader.text("username"));
    held.held_at = TRY(reader.time("held_at"));
    held.certificate = TRY(reader.text("certificate"));
    TRY(reader.finish());
    return held;
  };
  return secrets::understood("held enrolment", parse());
}

}  // namespace

std::string_view name_of(EnrolledAs how) {
  return kEnrolledAs.of(how);
}

Result<records::Account> Enrolment::create(const openpgp::Enrollable& checked, const Wanted& wanted,
                                           const Moment& moment, records::AuditEntry entry, const Stage& stage) {
  const std::string& username = wanted.username;
  records::Account account;
  account.id = account_id_of(username);
  account.username = username;
  account.fingerprint = checked.certificate.fingerprint();
  account.key_since = moment.wall;
  account.created_at = moment.wall;
  account.encryption_algorithm = checked.encryption_key.algorithm;
  account.show_key_id = wanted.show_key_id;
  account.managed = wanted.managed;
  account.profile = wanted.profile;
  entry.at = moment.wall;
  entry.account = account.id;
  entry.key = account.fingerprint.upper();
  std::optional<passwords::HashedPassword> hashed;
  if (wanted.password) hashed = TRY(context_.password_hashes.make(*wanted.password));
  // Where neither the name nor the key is taken, a conflict is the challenge's, the held enrolment's, or of a medium
  // that cannot settle.
  return judge_anew([&]() -> Result<records::Account> {
    storage::Batch batch;
    TRY(stage(batch, account));
    const auto stored = TRY(context_.accounts.find(account.id));
    if (stored && stored->account.state != records::AccountState::deleted)
      return fail(ErrorCode::account_exists, username);
    TRY(proving::judge_next_key(context_, nullptr, account.fingerprint));
    account.epoch = stored ? stored->account.epoch + 1 : 0;
    // Keys that were rotated away or revoked stay taken, so the record goes on to say when they ended.
    if (stored) account.former_keys = stored->account.former_keys;
    if (wanted.epoch && *wanted.epoch != account.epoch) return fail(ErrorCode::epoch_passed);
    if (stored) {
      batch.require_version(records::account_name(account.id), stored->version);
    } else {
      batch.require_absent(records::account_name(account.id));
    }
    if (hashed) {
      context_.accounts.stage_part(batch, account, records::AccountPart::password, hashed->phc.reveal());
      account.pepper_key = hashed->pepper_key;
    }
    if (wanted.escrow != nullptr) {
      context_.accounts.stage_part(batch, account, records::AccountPart::escrowed_key, wanted.escrow->reveal());
    }
    if (!wanted.metadata_later) TRY(keys::stage_metadata(context_, batch, account, checked, moment));
    context_.accounts.stage_new(batch, account, checked.certificate);
    TRY(context_.audit.commit(batch, entry));
    return account;
  });
}

Result<Enrolled> Enrolment::enrol(const proving::Response& response, const std::string& public_key, const Visit& visit,
                                  const std::optional<passwords::Password>& password, const Secret& invite) {
  TRY(proving::judge_registration(context_.policies.registration, visit.arrival, !invite.empty()));
  const Moment moment = context_.timekeeper.now();
  const records::OpenedChallenge opened = TRY(proof_.open(response, records::Purpose::enrol, visit, moment));
  const auto checked =
      TRY(openpgp::check_enrollable(context_.engine, public_key, openpgp::gate::kCertificateReadBytesMax, moment.wall));
  if (checked.certificate.fingerprint() != opened.challenge.key) {
    return fail(ErrorCode::signature_by_another_key, "the certificate is not the one that the challenge was for");
  }
  TRY(proof_.verify(opened, response, checked.certificate, moment));
  if (TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag)))
    return fail(ErrorCode::challenge_consumed);
  const std::string& username = opened.challenge.extra;
  const std::string by_invite = invite.empty() ? "" : "invite " + TRY(records::invite_id_of(invite));
  const auto stage = [&](storage::Batch& batch, records::Account& account) -> Status {
    stage_consumed(batch, context_.seal, opened, "");
    if (invite.empty()) return ok();
    const auto found = TRY(proving::find_good_invite(context_, invite, username, moment));
    account.profile = found.invite.profile;
    records::Invite spent = found.invite;
    spent.state = records::InviteState::used;
    spent.account = account.id;
    spent.ended_at = account.created_at;
    stage_invite(batch, context_.seal, found, spent);
    return ok();
  };
  auto account = create(checked, {username, false, opened.challenge.epoch, password}, moment,
                        {records::Decision::account_enrolled, {}, "", "", "", visit.source, by_invite}, stage);
  if (account) return Enrolled{*std::move(account), checked.left_out};
  if (face_of(account.error().code) != Face::conflict) return tl::unexpected<Error>(account.error());
  // The name or the key can be taken because the same response was redeemed meanwhile.
  if (TRY(records::find_consumed(context_.medium, context_.seal, opened.sealed.tag)))
    return fail(ErrorCode::challenge_consumed);
  if (account.error().code != ErrorCode::conflict) return tl::unexpected<Error>(account.error());
  return fail(ErrorCode::storage_unavailable, account.error().detail);
}

Result<bool> Enrolment::is_same_again(const NewAccount& request, const Fingerprint& key) {
  const bool more =
      request.password || request.show_key_id || request.metadata_later || request.profile != records::Profile();
  if (more) return false;
  const auto stored = TRY(context_.accounts.find(account_id_of(request.username)));
  return stored && stored->account.state == records::AccountState::active && stored->account.fingerprint == key;
}

Result<Enrolled> Enrolment::add(const NewAccount& request, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  TRY(check_new_username(request.username));
  TRY(records::check_profile(request.profile));
  const auto checked = TRY(openpgp::check_enrollable(context_.engine, request.public_key,
                                                     openpgp::gate::kCertificateLocalReadBytesMax, moment.wall));
  return until_settled([&]() -> Result<Enrolled> {
    if (TRY(is_same_again(request, checked.certificate.fingerprint()))) return refresh(request, checked, visit);
    const Wanted wanted{request.username, request.show_key_id, std::nullopt,          request.password, false,
                        nullptr,          request.profile,     request.metadata_later};
    auto account = create(checked, wanted, moment, {records::Decision::account_added, {}, "", "", "", visit.source, ""},
                          [](storage::Batch&, records::Account&) { return ok(); });
    if (account) return Enrolled{*std::move(account), checked.left_out};
    // It came to be meanwhile, with this very key.
    if (face_of(account.error().code) == Face::conflict &&
        TRY(is_same_again(request, checked.certificate.fingerprint()))) {
      return fail(ErrorCode::conflict, request.username);
    }
    return tl::unexpected<Error>(account.error());
  });
}

Result<Enrolled> Enrolment::refresh(const NewAccount& request, const openpgp::Enrollable& checked, const Visit& visit) {
  auto refreshed = keys::refresh_certificate(context_, account_id_of(request.username), checked.certificate, visit);
  if (refreshed) {
    return Enrolled{std::move(refreshed->account), checked.left_out,
                    refreshed->changed ? EnrolledAs::refreshed : EnrolledAs::unchanged};
  }
  // No longer the account that it was: it is judged anew.
  const ErrorCode code = refreshed.error().code;
  const bool moved =
      code == ErrorCode::not_found || code == ErrorCode::account_not_active || code == ErrorCode::key_taken;
  if (moved) return fail(ErrorCode::conflict, request.username);
  return tl::unexpected<Error>(refreshed.error());
}

Result<keys::ManagedAccount> Enrolment::add_managed(const NewManagedAccount& request, const Visit& visit) {
  const bool by_stranger = is_by_network(visit.arrival);
  // An invite lets a key of one's own in, and none that is made here.
  TRY(proving::judge_registration(context_.policies.registration, visit.arrival, false));
  const Moment moment = context_.timekeeper.now();
  TRY(check_new_username(request.username));
  TRY(keys::KeyMaker::check(request.password));
  // Before anything is made for a name that is taken.
  const auto before = TRY(context_.accounts.find(account_id_of(request.username)));
  if (before && before->account.state != records::AccountState::deleted) {
    return fail(ErrorCode::account_exists, request.username);
  }
  auto made = TRY(key_maker_.make(request.username, request.password, moment.wall));
  const std::optional<passwords::Password> password = request.password;
  const Wanted wanted{
      request.username, request.show_key_id, std::nullopt, password, true, request.escrow ? &made.secret_key : nullptr};
  auto account = TRY(create(made.checked, wanted, moment,
                            {by_stranger ? records::Decision::account_registered : records::Decision::account_added,
                             {},
                             "",
                             "",
                             "",
                             visit.source,
                             request.escrow ? "managed, key escrowed" : "managed"},
                            [](storage::Batch&, records::Account&) { return ok(); }));
  return keys::ManagedAccount{std::move(account), std::move(made.secret_key)};
}

Result<HeldEnrolment> Enrolment::hold(const std::optional<proving::Response>& response, const std::string& public_key,
                                      const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const auto checked =
      TRY(openpgp::check_enrollable(context_.engine, public_key, openpgp::gate::kCertificateReadBytesMax, moment.wall));
  HeldEnrolment held;
  held.fingerprint = checked.certificate.fingerprint();
  held.certificate = checked.certificate.armored();
  held.held_at = moment.wall;
  held.user_ids = checked.facts.user_ids;
  if (response) {
    const records::OpenedChallenge opened = TRY(proof_.open(*response, records::Purpose::enrol, visit, moment));
    if (held.fingerprint != opened.challenge.key) return fail(ErrorCode::signature_by_another_key);
    TRY(proof_.verify(opened, *response, checked.certificate, moment));
    held.username = opened.challenge.extra;
  }
  // Nothing to hold, and nothing to say to whoever carries the stick.
  held.account = TRY(context_.accounts.holder_of(held.fingerprint));
  if (!held.account.empty()) return held;
  const std::string name = records::held_name(held.fingerprint);
  return until_settled([&]() -> Result<HeldEnrolment> {
    const auto before = TRY(find_record(context_.medium, context_.seal, name));
    // A bare certificate never takes the place of a proven one.
    if (before && (held.username.empty() || TRY(parse_held(before->record)).username == held.username)) return held;
    if (!before && TRY(context_.medium.list("held/", "", kHeldMax)).size() >= kHeldMax) {
      return fail(ErrorCode::enrolments_held_full, "confirm or wait: too many enrolments are held");
    }
    storage::Batch batch;
    if (before) {
      batch.require_version(name, before->version);
    } else {
      batch.require_absent(name);
    }
    batch.put(name, context_.seal.close(name, write_held(held)));
    TRY(context_.audit.commit(batch, {records::Decision::enrolment_held, moment.wall, "", held.fingerprint.upper(), "",
                                      visit.source, held.username}));
    return held;
  });
}

Result<Enrolled> Enrolment::confirm(const Confirmation& confirmed, const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  TRY(check_new_username(confirmed.username));
  const std::string name = records::held_name(confirmed.fingerprint);
  const auto entry = TRY(find_record(context_.medium, context_.seal, name));
  if (!entry)
    return fail(ErrorCode::enrolment_not_held, "no certificate " + confirmed.fingerprint.upper() + " is held");
  const HeldEnrolment held = TRY(parse_held(entry->record));
  if (!held.username.empty() && held.username != confirmed.username) {
    return fail(ErrorCode::conflict, "the holder of this key signed for the name '" + held.username + "'");
  }
  const auto checked = TRY(openpgp::check_enrollable(context_.engine, held.certificate,
                                                     openpgp::gate::kCertificateReadBytesMax, moment.wall));
  const std::optional<passwords::Password> no_password;
  auto account = TRY(create(checked, {confirmed.username, confirmed.show_key_id, std::nullopt, no_password}, moment,
                            {records::Decision::enrolment_confirmed, {}, "", "", "", visit.source, ""},
                            [&](storage::Batch& batch, records::Account&) {
                              batch.require_version(name, entry->version);
                              batch.erase(name);
                              return ok();
                            }));
  return Enrolled{std::move(account), checked.left_out};
}

Result<std::vector<HeldEnrolment>> Enrolment::list_held() {
  std::vector<HeldEnrolment> all;
  const Instant now = context_.timekeeper.now().wall;
  for (const std::string& name : TRY(context_.medium.list("held/", "", kHeldMax))) {
    const auto entry = TRY(find_record(context_.medium, context_.seal, name));
    if (!entry) continue;
    HeldEnrolment held = TRY(parse_held(entry->record));
    const auto certificate =
        openpgp::gate::admit_certificate(held.certificate, openpgp::gate::kCertificateReadBytesMax);
    if (certificate) {
      if (const auto facts = context_.engine.inspect(*certificate, now)) held.user_ids = facts->user_ids;
    }
    all.push_back(std::move(held));
  }
  return all;
}

}  // namespace countersign::auth::accounts
