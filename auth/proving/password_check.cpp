#include "auth/proving/password_check.hpp"

#include "auth/context.hpp"
#include "auth/records/standing.hpp"

namespace countersign::auth::proving {

Result<PasswordCheck::Held> PasswordCheck::try_look_up(const std::string& account) {
  auto stored = TRY(accounts_.find(account));
  if (!stored) return fail(ErrorCode::account_unknown);
  TRY(judge_standing(medium_, accounts_, *stored));
  const auto read = [&](records::AccountPart part) -> Result<Secret> {
    auto bytes = TRY(accounts_.read_part(*stored, part));
    if (!bytes) return fail(ErrorCode::record_unreadable, part_name(account, part));
    return Secret::take(*bytes);
  };
  switch (password_scheme_of(stored->account)) {
    case records::PasswordScheme::none:
      return fail(ErrorCode::password_unset);
    case records::PasswordScheme::argon2id: {
      auto phc = TRY(passwords::parse_phc_string(TRY(read(records::AccountPart::password)).reveal_text()));
      return Held{*std::move(stored), std::move(phc)};
    }
    case records::PasswordScheme::lthn: {
      auto legacy = TRY(passwords::LegacyHash::parse(TRY(read(records::AccountPart::legacy_password)).reveal_text()));
      return Held{*std::move(stored), std::move(legacy)};
    }
  }
  return fail(ErrorCode::password_unset);
}

Result<PasswordCheck::Held> PasswordCheck::look_up(const std::string& account) {
  return until_settled([&] { return try_look_up(account); });
}

Result<PasswordProof> PasswordCheck::prove(const std::string& account, const passwords::Password& password) {
  auto held = look_up(account);
  if (!held && face_of(held.error().code) == Face::unavailable) return tl::unexpected<Error>(held.error());
  if (held && std::holds_alternative<passwords::PhcString>(held->hash)) {
    const passwords::PhcString& phc = std::get<passwords::PhcString>(held->hash);
    const std::string pepper_key = held->stored.account.pepper_key;
    const bool migrated = TRY(hashes_.verify(password, phc, pepper_key)) == passwords::HashedForm::as_typed;
    PasswordProof proof{std::move(held->stored), std::nullopt, migrated};
    if (migrated || hashes_.is_outdated(phc, pepper_key)) proof.renewal = TRY(hashes_.make(password));
    return proof;
  }
  if (!held) TRY(accounts_.read_in_vain(account, held.error().code, records::AccountPart::password));
  TRY(hashes_.verify_none(password));
  auto made = TRY(hashes_.make(password));
  if (!held) return tl::unexpected<Error>(held.error());
  TRY(std::get<passwords::LegacyHash>(held->hash).verify(password));
  return PasswordProof{std::move(held->stored), std::move(made), true};
}

PasswordCheck::Proven PasswordCheck::stage_proven(storage::Batch& batch, const PasswordProof& proof,
                                                  std::string_view username) {
  Proven proven{proof.stored.account, ""};
  if (proof.renewal) {
    proven.detail = proof.migrated ? "hash migrated" : "hash renewed";
    stage(batch, proven.account, *proof.renewal);
  }
  const bool named = accounts_.stage_username(batch, proven.account, username);
  if (named) proven.detail += proven.detail.empty() ? "name learnt" : ", name learnt";
  if (named || proof.renewal) {
    accounts_.stage_change(batch, proof.stored, proven.account);
  } else {
    batch.require_version(records::account_name(proven.account.id), proof.stored.version);
  }
  return proven;
}

void PasswordCheck::stage(storage::Batch& batch, records::Account& account, const passwords::HashedPassword& hashed) {
  accounts_.stage_part(batch, account, records::AccountPart::password, hashed.phc.reveal());
  accounts_.stage_no_part(batch, account, records::AccountPart::legacy_password);
  account.pepper_key = hashed.pepper_key;
}

void PasswordCheck::stage_none(storage::Batch& batch, records::Account& account) {
  accounts_.stage_no_part(batch, account, records::AccountPart::password);
  accounts_.stage_no_part(batch, account, records::AccountPart::legacy_password);
  account.pepper_key.clear();
}

}  // namespace countersign::auth::proving
