#include "auth/accounts/legacy_import.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/keys/metadata.hpp"
#include "auth/openpgp/enrollable.hpp"
#include "auth/records/revocation_record.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::accounts {
namespace {

constexpr std::size_t kStraysShownMax = 20;

Status judge_strays(const LegacyFolder& folder, const LegacyImportOrder& order) {
  const auto& strays = folder.strays();
  if (strays.empty() || order.skip_strays) return ok();
  std::string detail = fmt::format("{} in 'users' that no account's file is:", strays.size());
  for (std::size_t i = 0; i < std::min(strays.size(), kStraysShownMax); ++i) {
    detail += fmt::format("\n  '{}': {}", escape_for_display(strays[i].name), strays[i].why);
  }
  if (strays.size() > kStraysShownMax) detail += "\n  ...";
  return fail(ErrorCode::legacy_folder_refused, detail);
}

bool has(const LegacyAccount& judged, LegacyOddity oddity) {
  return std::find(judged.oddities.begin(), judged.oddities.end(), oddity) != judged.oddities.end();
}

// The predecessor's reason is free text: a code of ours where it is one, else kept as the note, as far as it goes.
void set_reason(records::RevocationRecord& record, const LegacyAccount& judged) {
  constexpr std::size_t kNoteBytesMax = 250;
  record.reason = "unspecified";
  if (judged.revocation) {
    const std::string& given = judged.revocation->reason;
    if (records::is_revocation_reason(given)) {
      record.reason = given;
    } else {
      record.note = escape_for_display(given, kNoteBytesMax);
    }
    return;
  }
  if (has(judged, LegacyOddity::secret_key_unprotected)) record.reason = "key_compromised";
  const auto denied = std::find_if(judged.oddities.begin(), judged.oddities.end(),
                                   [](LegacyOddity oddity) { return fate_of(oddity) == LegacyFate::denied; });
  record.note = "import: " + std::string(text_of(*denied));
}

// What the audit record says of it.
std::string detail_of(const LegacyAccount& judged) {
  std::string text = judged.revocation ? "revoked" : "";
  for (const LegacyOddity oddity : judged.oddities) text += (text.empty() ? "" : " ") + std::string(name_of(oddity));
  return text;
}

}  // namespace

Result<LegacyImportSummary> LegacyImport::run(const LegacyImportOrder& order, const Progress& progress,
                                              const Visit& visit) {
  const Moment moment = context_.timekeeper.now();
  const LegacyFolder folder = TRY(LegacyFolder::open(order.folder));
  TRY(judge_strays(folder, order));
  LegacyImportSummary summary;
  std::set<Fingerprint> keys;
  summary.strays = folder.strays();
  const auto ids = folder.accounts();
  for (const std::string& id : ids) {
    const LegacyAccount judged = judge_legacy(id, TRY(folder.read(id)));
    TRY(take_over(id, judged, {order, visit, moment, summary, keys}));
    ++summary.found;
    if (progress) progress(static_cast<std::int64_t>(summary.found), static_cast<std::int64_t>(ids.size()));
  }
  return summary;
}

Status LegacyImport::take_over(const std::string& id, const LegacyAccount& judged, const Work& work) {
  if (!judged.certificate) {
    ++work.summary.left_out;
    for (const LegacyOddity oddity : judged.oddities) work.summary.reports.push_back({id, oddity, judged.refusal});
    return ok();
  }
  return until_settled([&] { return judge_and_commit(id, judged, work); });
}

Result<LegacyImport::Place> LegacyImport::find_place(const std::string& id, const Fingerprint& key, const Work& work) {
  const auto is_key = [&](const records::FormerKey& former) { return former.fingerprint == key; };
  const auto stored = TRY(context_.accounts.find(id));
  if (stored) {
    const auto& former = stored->account.former_keys;
    const bool had = stored->account.fingerprint == key || std::any_of(former.begin(), former.end(), is_key);
    return had ? Place::present : Place::name_taken;
  }
  const bool taken =
      work.keys.contains(key) || context_.identity.has_key(key) || !TRY(context_.accounts.holder_of(key)).empty();
  return taken ? Place::key_taken : Place::free;
}

Status LegacyImport::report_present(const std::string& id, const LegacyAccount& judged, const Work& work) {
  const bool unreadable = has(judged, LegacyOddity::revocation_unreadable);
  if (!judged.revocation && !unreadable) return ok();
  const auto stored = TRY(context_.accounts.find(id));
  if (!stored || stored->account.state != records::AccountState::active) return ok();
  work.summary.reports.push_back({id,
                                  unreadable ? LegacyOddity::revocation_unreadable_there : LegacyOddity::revoked_there,
                                  "`countersign revoke " + id + "` ends it here as well"});
  return ok();
}

void LegacyImport::stage_revocation(storage::Batch& batch, records::Account& account, const LegacyAccount& judged,
                                    const Moment& moment) {
  records::RevocationRecord record;
  record.account = account.id;
  record.fingerprint = account.fingerprint;
  set_reason(record, judged);
  record.revoked_at = judged.revocation ? judged.revocation->revoked_at : moment.wall;
  record.by = "import";
  // Without it the record is completed later.
  if (auto signature = context_.engine.sign(revocation_text(record), moment.wall)) record.signature = *signature;
  account.state = records::AccountState::revoked;
  context_.accounts.stage_part(batch, account, records::AccountPart::revocation,
                               as_bytes(write_json(write_revocation(record))));
}

Status LegacyImport::judge_and_commit(const std::string& id, const LegacyAccount& judged, const Work& work) {
  LegacyImportSummary& summary = work.summary;
  const auto leave_out = [&](LegacyOddity oddity, std::string detail) {
    ++summary.left_out;
    summary.reports.push_back({id, oddity, std::move(detail)});
    return ok();
  };
  const Fingerprint key = judged.certificate->fingerprint();
  switch (TRY(find_place(id, key, work))) {
    case Place::free:
      break;
    case Place::present:
      ++summary.present;
      return report_present(id, judged, work);
    case Place::name_taken:
      return leave_out(LegacyOddity::name_taken, key.upper());
    case Place::key_taken:
      return leave_out(LegacyOddity::key_taken, key.upper());
  }
  const auto checked = openpgp::check_enrollable(context_.engine, judged.certificate->armored(),
                                                 openpgp::gate::kCertificateReadBytesMax, work.moment.wall);
  if (!checked && face_of(checked.error().code) == Face::unavailable) return tl::unexpected<Error>(checked.error());
  if (!checked) {
    return leave_out(LegacyOddity::certificate_refused,
                     std::string(countersign::name_of(checked.error().code)) + ": " + checked.error().detail);
  }

  storage::Batch batch;
  records::Account account;
  account.id = id;
  account.fingerprint = key;
  account.key_since = work.moment.wall;
  account.created_at = work.moment.wall;
  account.encryption_algorithm = checked->encryption_key.algorithm;
  account.managed = judged.managed;
  batch.require_absent(records::account_name(id));
  const auto stage = [&](records::AccountPart part, const Secret& text) {
    if (!text.empty()) context_.accounts.stage_part(batch, account, part, text.reveal());
  };
  stage(records::AccountPart::escrowed_key, judged.escrowed_key);
  stage(records::AccountPart::password, judged.password);
  stage(records::AccountPart::legacy_password, judged.legacy_password);
  if (judged.revocation || judged.is_denied()) stage_revocation(batch, account, judged, work.moment);
  TRY(keys::stage_metadata(context_, batch, account, *checked, work.moment));
  context_.accounts.stage_new(batch, account, checked->certificate);
  if (!work.order.dry_run) {
    TRY(context_.audit.commit(batch, {records::Decision::account_imported, work.moment.wall, id, key.upper(), "",
                                      work.visit.source, detail_of(judged)}));
  }
  work.keys.insert(key);
  ++summary.taken_over;
  if (judged.revocation) ++summary.revoked;
  if (!judged.revocation && judged.is_denied()) ++summary.denied;
  if (password_scheme_of(account) == records::PasswordScheme::none) ++summary.without_password;
  for (const LegacyOddity oddity : judged.oddities) summary.reports.push_back({id, oddity, ""});
  return ok();
}

}  // namespace countersign::auth::accounts
