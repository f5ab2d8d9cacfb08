#include "auth/accounts/legacy_account.hpp"

#include <algorithm>

#include "auth/base/account_id.hpp"
#include "auth/openpgp/gate/secret_key.hpp"
#include "auth/passwords/legacy_hash.hpp"
#include "auth/passwords/phc_string.hpp"
#include "auth/records/revocation_record.hpp"
#include "auth/secrets/record_seal.hpp"
#include "storage/base/enum_names.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::accounts {
namespace {

constexpr EnumNames<LegacyFate::left_out, LegacyFate::taken> kFates("left_out", "present", "denied", "taken");

// Somebody may have had an editor in it.
std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

const Secret* find_file(const LegacyFiles& files, records::AccountPart part) {
  const auto found = files.find(part);
  return found == files.end() ? nullptr : &found->second;
}

bool are_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// As Go writes a time: a fraction of up to nine digits where there is one, and Z or an offset. To the second.
std::optional<Instant> parse_go_time(std::string_view text) {
  constexpr std::size_t kToTheSecond = 19, kOffset = 6, kFractionDigitsMax = 9;
  if (text.size() <= kToTheSecond) return std::nullopt;
  const auto local = parse_time(std::string(text.substr(0, kToTheSecond)) + "Z");
  text.remove_prefix(kToTheSecond);
  if (text.starts_with('.')) {
    const std::string_view fraction = text.substr(1, text.find_first_not_of("0123456789", 1) - 1);
    if (fraction.empty() || fraction.size() > kFractionDigitsMax) return std::nullopt;
    text.remove_prefix(1 + fraction.size());
  }
  if (!local || text == "Z") return local;
  if (text.size() != kOffset || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  if (!are_digits(text.substr(1, 2)) || !are_digits(text.substr(4, 2))) return std::nullopt;
  const int hours = (text[1] - '0') * 10 + (text[2] - '0');
  const int minutes = (text[4] - '0') * 10 + (text[5] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  const Seconds ahead = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return text[0] == '+' ? *local - ahead : *local + ahead;
}

void judge_revocation(std::string_view id, const Secret* file, LegacyAccount& out) {
  if (file == nullptr) {
    out.oddities.push_back(LegacyOddity::revocation_missing);
    return;
  }
  const std::string_view text = without_line_end(file->reveal_text());
  if (text == records::kRevocationPlaceholder) return;
  auto record = parse_legacy_revocation(id, text);
  if (record) {
    out.revocation = *std::move(record);
  } else {
    out.oddities.push_back(LegacyOddity::revocation_unreadable);
  }
}

void judge_secret_key(const Secret* file, LegacyAccount& out) {
  if (file == nullptr) {
    out.oddities.push_back(LegacyOddity::secret_key_missing);
    return;
  }
  const auto facts = openpgp::gate::inspect_secret_key(file->reveal_text());
  if (!facts) {
    out.oddities.push_back(LegacyOddity::secret_key_unreadable);
  } else if (!facts->is_encrypted) {
    out.oddities.push_back(LegacyOddity::secret_key_unprotected);
  } else if (facts->fingerprint != out.certificate->fingerprint()) {
    out.oddities.push_back(LegacyOddity::secret_key_of_another);
  } else {
    out.managed = true;
    // As a revocation here erases it. Who is only denied until an administrator decides may be let in with it.
    if (out.revocation) {
      out.oddities.push_back(LegacyOddity::secret_key_of_revoked);
    } else {
      out.escrowed_key = *file;
    }
  }
}

// A .hash that is there decides, whole or not: the .lthn never takes its place (S13).
void judge_password(const Secret* hash, const Secret* lthn, LegacyAccount& out) {
  const auto line_of = [](const Secret& file) { return without_line_end(file.reveal_text()); };
  if (hash != nullptr) {
    if (!passwords::parse_phc_string(line_of(*hash))) {
      out.oddities.push_back(LegacyOddity::password_unreadable);
      return;
    }
    out.password = Secret(as_bytes(line_of(*hash)));
    if (lthn != nullptr) out.oddities.push_back(LegacyOddity::legacy_password_dropped);
  } else if (lthn == nullptr) {
    out.oddities.push_back(LegacyOddity::password_missing);
  } else if (!passwords::LegacyHash::parse(line_of(*lthn))) {
    out.oddities.push_back(LegacyOddity::legacy_password_unreadable);
  } else {
    out.legacy_password = Secret(as_bytes(line_of(*lthn)));
  }
}

}  // namespace

std::string_view name_of(LegacyFate fate) {
  return kFates.of(fate);
}

std::string_view name_of(LegacyOddity oddity) {
  switch (oddity) {
#define X(name, fate, text) \
  case LegacyOddity::name:  \
    return #name;
    COUNTERSIGN_LEGACY_ODDITIES(X)
#undef X
  }
  return "";
}

LegacyFate fate_of(LegacyOddity oddity) {
  switch (oddity) {
#define X(name, fate, text) \
  case LegacyOddity::name:  \
    return LegacyFate::fate;
    COUNTERSIGN_LEGACY_ODDITIES(X)
#undef X
  }
  return LegacyFate::left_out;
}

std::string_view text_of(LegacyOddity oddity) {
  switch (oddity) {
#define X(name, fate, text) \
  case LegacyOddity::name:  \
    return text;
    COUNTERSIGN_LEGACY_ODDITIES(X)
#undef X
  }
  return "";
}

Result<LegacyRevocation> parse_legacy_revocation(std::string_view id, std::string_view text) {
  const auto parse = [&]() -> Result<LegacyRevocation> {
    const Json json = TRY(parse_json(text));
    JsonReader reader(json);
    if (TRY(reader.text("user_id")) != id) return fail(ErrorCode::malformed_message, "of another account");
    LegacyRevocation out;
    out.reason = TRY(reader.text("reason"));
    const auto at = parse_go_time(TRY(reader.text("revoked_at")));
    TRY(reader.finish());
    if (!at) return fail(ErrorCode::malformed_message, "revoked_at");
    out.revoked_at = *at;
    return out;
  };
  return secrets::understood("the predecessor's revocation", parse());
}

bool LegacyAccount::is_denied() const {
  return std::any_of(oddities.begin(), oddities.end(),
                     [](LegacyOddity oddity) { return fate_of(oddity) == LegacyFate::denied; });
}

LegacyAccount judge_legacy(std::string_view id, const LegacyFiles& files) {
  LegacyAccount out;
  if (id == account_id_of(kReservedUsername)) {
    out.oddities.push_back(LegacyOddity::server_account);
    return out;
  }
  const Secret* const certificate = find_file(files, records::AccountPart::certificate);
  if (certificate == nullptr) {
    out.oddities.push_back(LegacyOddity::certificate_missing);
    return out;
  }
  auto admitted = openpgp::gate::admit_certificate(certificate->reveal_text(), openpgp::gate::kCertificateReadBytesMax);
  if (!admitted) {
    out.oddities.push_back(LegacyOddity::certificate_refused);
    out.refusal = std::string(countersign::name_of(admitted.error().code)) + ": " + admitted.error().detail;
    return out;
  }
  out.certificate = *std::move(admitted);
  judge_revocation(id, find_file(files, records::AccountPart::revocation), out);
  judge_secret_key(find_file(files, records::AccountPart::escrowed_key), out);
  judge_password(find_file(files, records::AccountPart::password),
                 find_file(files, records::AccountPart::legacy_password), out);
  if (find_file(files, records::AccountPart::metadata) == nullptr)
    out.oddities.push_back(LegacyOddity::metadata_missing);
  return out;
}

}  // namespace countersign::auth::accounts
