#include "cli/error_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace countersign::cli {
namespace {

struct Advice {
  ErrorCode code;
  std::string_view text;
};

constexpr Advice kAdvice[] = {
    {ErrorCode::usage, "`countersign --help` lists the commands"},
    {ErrorCode::secret_key_handed_in, "export the public key with `gpg --armor --export FINGERPRINT`"},
    {ErrorCode::challenge_expired, "ask for a new challenge"},
    {ErrorCode::clock_behind, "set the clock; if it is right, run `countersign clock accept`"},
    {ErrorCode::storage_unavailable, "is the disk full, read-only or gone?"},
    {ErrorCode::legacy_folder_refused, "look at each; --skip-strays takes the rest over and reports them"},
    {ErrorCode::invite_unknown, "an administrator makes one: `countersign invite new`"},
    {ErrorCode::invite_spent, "if that was not whom it was for: `countersign invite stolen`, on the server"},
    {ErrorCode::invite_expired, "an administrator makes another: `countersign invite new`"},
    {ErrorCode::invite_cancelled, "an administrator makes another: `countersign invite new`"},
    {ErrorCode::invite_for_another, "it is good for that name alone; an administrator makes another"},
    {ErrorCode::slow_down, "try again later"},
    {ErrorCode::busy, "try again later"},
    {ErrorCode::hasher_busy, "try again later"},
};

}  // namespace

std::string_view meaning_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed_message:
      return "what was given is not of the expected form";
    case ErrorCode::malformed_json:
      return "the JSON cannot be read";
    case ErrorCode::malformed_name:
      return "the name cannot be used on the storage medium";
    case ErrorCode::malformed_username:
      return "the username is not allowed";
    case ErrorCode::malformed_account_id:
      return "the account id is not 64 lower-case hex digits";
    case ErrorCode::malformed_statement:
      return "this is not a statement";
    case ErrorCode::malformed_token:
      return "the token is not of the expected form";
    case ErrorCode::message_too_large:
      return "the message is too large";
    case ErrorCode::unknown_operation:
      return "there is no such operation";
    case ErrorCode::unknown_version:
      return "the format's version is not known to this program";
    case ErrorCode::invalid_settings:
      return "the settings cannot be used";
    case ErrorCode::usage:
      return "the command cannot be run as it was given";
    case ErrorCode::armor_invalid:
      return "the OpenPGP armor is damaged";
    case ErrorCode::packet_refused:
      return "the OpenPGP message holds something it must not";
    case ErrorCode::certificate_refused:
      return "the certificate is refused";
    case ErrorCode::secret_key_handed_in:
      return "this is a secret key; only a public key belongs here";
    case ErrorCode::signature_missing:
      return "there is no signature";
    case ErrorCode::signature_invalid:
      return "the signature does not verify";
    case ErrorCode::signature_by_another_key:
      return "the signature is by another key";
    case ErrorCode::signature_policy:
      return "the signature's algorithm or class is not accepted";
    case ErrorCode::signature_time:
      return "the signature was made outside the time that is accepted";
    case ErrorCode::key_expired:
      return "the key has expired";
    case ErrorCode::key_revoked:
      return "the key is revoked";
    case ErrorCode::key_policy:
      return "the key is not strong enough or cannot do what is needed";
    case ErrorCode::engines_disagree:
      return "the two OpenPGP engines disagree about the key or the signature";
    case ErrorCode::certificate_disputed:
      return "the two OpenPGP engines disagree about the certificate";
    case ErrorCode::challenge_invalid:
      return "the challenge was not issued by this server";
    case ErrorCode::challenge_expired:
      return "the challenge has expired";
    case ErrorCode::challenge_not_yet_valid:
      return "the challenge lies in the future";
    case ErrorCode::challenge_of_another_server:
      return "the challenge is another server's";
    case ErrorCode::challenge_of_another_purpose:
      return "the challenge is for another purpose";
    case ErrorCode::challenge_consumed:
      return "the challenge has been used already";
    case ErrorCode::transport_mismatch:
      return "the challenge belongs to another transport";
    case ErrorCode::epoch_passed:
      return "the account has changed since the challenge was issued";
    case ErrorCode::account_unknown:
      return "there is no such account";
    case ErrorCode::account_not_active:
      return "the account is not active";
    case ErrorCode::account_exists:
      return "there is such an account already";
    case ErrorCode::account_reserved:
      return "the name is reserved";
    case ErrorCode::key_taken:
      return "the key is taken";
    case ErrorCode::registration_closed:
      return "registration is closed";
    case ErrorCode::enrolment_not_held:
      return "no enrolment of that fingerprint is waiting";
    case ErrorCode::enrolments_held_full:
      return "too many enrolments are waiting";
    case ErrorCode::account_not_revoked:
      return "the account is not revoked";
    case ErrorCode::legacy_folder_refused:
      return "the folder holds what no account's file is, and nothing was taken over";
    case ErrorCode::invite_unknown:
      return "there is no such invite";
    case ErrorCode::invite_spent:
      return "the invite has been used already";
    case ErrorCode::invite_expired:
      return "the invite has ended";
    case ErrorCode::invite_cancelled:
      return "the invite was taken back";
    case ErrorCode::invite_for_another:
      return "the invite is for another name";
    case ErrorCode::session_unknown:
      return "there is no such session";
    case ErrorCode::session_expired:
      return "the session has expired";
    case ErrorCode::session_replaced:
      return "the token has been replaced";
    case ErrorCode::session_grant_expired:
      return "the session grant was not used in time";
    case ErrorCode::password_wrong:
      return "the password is wrong";
    case ErrorCode::password_unset:
      return "the account has no password";
    case ErrorCode::hasher_busy:
      return "too many passwords are being checked";
    case ErrorCode::hasher_failed:
      return "passwords cannot be hashed now";
    case ErrorCode::account_not_managed:
      return "the account's key was not made by this server";
    case ErrorCode::escrow_absent:
      return "there is no escrowed key";
    case ErrorCode::carrier_not_allowed:
      return "this cannot be asked for by this way";
    case ErrorCode::not_permitted:
      return "that is not permitted";
    case ErrorCode::slow_down:
      return "too many attempts";
    case ErrorCode::not_found:
      return "not found";
    case ErrorCode::conflict:
      return "it conflicts with what is there already";
    case ErrorCode::record_tampered:
      return "a stored record was changed by someone else";
    case ErrorCode::record_unreadable:
      return "a stored record cannot be read";
    case ErrorCode::chain_broken:
      return "the audit record is broken";
    case ErrorCode::medium_restored:
      return "the storage is older than it was: it was restored from a copy";
    case ErrorCode::secret_missing:
      return "a secret of the server is missing";
    case ErrorCode::secret_in_use:
      return "the key is still needed";
    case ErrorCode::storage_unavailable:
      return "the storage is out of reach";
    case ErrorCode::entropy_unavailable:
      return "the system gave no random bytes";
    case ErrorCode::openpgp_unavailable:
      return "the server's key or engine cannot be used";
    case ErrorCode::key_locked:
      return "the key is locked";
    case ErrorCode::clock_behind:
      return "the clock is behind the latest time that was seen";
    case ErrorCode::busy:
      return "the server is busy";
    case ErrorCode::file_refused:
      return "the file is refused";
    case ErrorCode::file_incomplete:
      return "the file is not complete";
    case ErrorCode::server_unknown:
      return "the server is not known";
    case ErrorCode::server_mismatch:
      return "this is not the server that was meant";
    case ErrorCode::gnupg_failed:
      return "GnuPG could not do it";
    case ErrorCode::network_failed:
      return "there is no answer from the server";
    case ErrorCode::startup_refused:
      return "it does not start like this";
    case ErrorCode::failed:
      return "it did not work";
  }
  return "it did not work";
}

std::string_view advice_on(ErrorCode code) {
  const auto* const found =
      std::find_if(std::begin(kAdvice), std::end(kAdvice), [&](const Advice& row) { return row.code == code; });
  return found == std::end(kAdvice) ? std::string_view{} : found->text;
}

std::string text_of_error(const Error& error, std::string_view command) {
  std::string text = fmt::format("{} [{}]", meaning_of(error.code), name_of(error.code));
  if (!error.detail.empty()) text += "\n  " + error.detail;
  std::string advice(advice_on(error.code));
  if (error.code == ErrorCode::usage && !command.empty()) advice = fmt::format("`{} --help` explains it", command);
  if (!advice.empty()) text += fmt::format("\n  {}", advice);
  return text;
}

}  // namespace countersign::cli
