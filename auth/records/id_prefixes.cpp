#include "auth/records/id_prefixes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "auth/base/account_id.hpp"
#include "auth/records/invite.hpp"
#include "auth/records/session.hpp"
#include "storage/base/text.hpp"

namespace countersign::auth::records {
namespace {

constexpr std::size_t kAccountDigits = 64;
constexpr std::size_t kSessionDigits = 32;
// Of those that begin alike, as many are named.
constexpr std::size_t kCandidatesMax = 5;

bool is_prefix(std::string_view text, std::size_t whole_digits) {
  return text.size() >= kPrefixDigitsMin && text.size() < whole_digits && is_lower_hex(text, text.size());
}

// What `id_in` makes of the names under `prefix`, one more than are named.
template <class IdIn>
Result<std::vector<std::string>> ids_under(storage::Medium& medium, const std::string& prefix, const IdIn& id_in) {
  std::vector<std::string> ids;
  const auto take = [&](const std::string& name) -> Result<bool> {
    if (auto id = id_in(name)) ids.push_back(*std::move(id));
    return ids.size() <= kCandidatesMax;
  };
  TRY(storage::visit_names(medium, prefix, "", take));
  return ids;
}

// `described` says of an id what else helps to choose.
template <class Described>
std::string text_of_several(const std::string& typed, std::vector<std::string> ids, const Described& described) {
  const bool more = ids.size() > kCandidatesMax;
  const std::size_t digits = digits_to_tell_apart({ids.begin(), ids.end()});
  if (more) ids.pop_back();
  std::string text = fmt::format("several begin with {}; add a digit or more:", typed);
  for (const std::string& id : ids) text += "\n  " + id.substr(0, digits) + described(id);
  return more ? text + "\n  and more" : text;
}

}  // namespace

bool is_account_prefix(std::string_view text) {
  return is_prefix(text, kAccountDigits);
}

Result<std::string> find_account_by_id(storage::Medium& medium, Accounts& accounts, const std::string& typed) {
  if (!is_account_prefix(typed)) {
    TRY(check_account_id(typed));
    return typed;
  }
  // "users/<id>.account" without its ending is what the names of an account begin with.
  const std::string whole = account_name(typed);
  const auto ids = TRY(ids_under(medium, whole.substr(0, whole.find(typed) + typed.size()), account_named_in));
  if (ids.empty()) return fail(ErrorCode::not_found, "no account id begins with " + typed);
  if (ids.size() == 1) return ids.front();
  return fail(ErrorCode::malformed_account_id, text_of_several(typed, ids, [&](const std::string& id) {
                const auto stored = accounts.find(id);
                return stored && *stored ? "  " + (*stored)->account.username : std::string();
              }));
}

Result<std::string> find_account_meant(storage::Medium& medium, Accounts& accounts, const std::string& typed) {
  if (check_username(typed)) {
    std::string id = account_id_of(typed);
    if (TRY(storage::find(medium, account_name(id)))) return id;
  }
  if (!is_account_prefix(typed)) return fail(ErrorCode::not_found, "no such account");
  return find_account_by_id(medium, accounts, typed);
}

Result<std::string> find_session_meant(storage::Medium& medium, const std::string& account, const std::string& typed) {
  TRY(check_account_id(account));
  if (!is_prefix(typed, kSessionDigits)) {
    if (check_session_id(typed)) return typed;
    return fail(ErrorCode::malformed_message, "a session id is 32 lower-case hex digits; 8 of them or more will do");
  }
  const std::string folder = pointer_name(account, "");
  const auto ids = TRY(ids_under(medium, folder + typed, [&](const std::string& name) -> std::optional<std::string> {
    std::string id = name.substr(folder.size());
    return check_session_id(id) ? std::optional(std::move(id)) : std::nullopt;
  }));
  if (ids.empty()) return fail(ErrorCode::not_found);
  if (ids.size() == 1) return ids.front();
  const auto nothing_else = [](const std::string&) { return std::string(); };
  return fail(ErrorCode::malformed_message, text_of_several(typed, ids, nothing_else));
}

Result<std::string> find_invite_meant(storage::Medium& medium, const std::string& typed) {
  if (!is_prefix(typed, kInviteIdDigits)) {
    if (check_invite_id(typed)) return typed;
    return fail(ErrorCode::malformed_message, "an invite's id is 32 lower-case hex digits; 8 of them or more will do");
  }
  const auto ids = TRY(ids_under(medium, invite_name(typed), invite_named_in));
  if (ids.empty()) return fail(ErrorCode::not_found, "no invite's id begins with " + typed);
  if (ids.size() == 1) return ids.front();
  const auto nothing_else = [](const std::string&) { return std::string(); };
  return fail(ErrorCode::malformed_message, text_of_several(typed, ids, nothing_else));
}

std::size_t digits_to_tell_apart(std::vector<std::string_view> ids) {
  std::sort(ids.begin(), ids.end());
  std::size_t digits = kPrefixDigitsMin;
  for (std::size_t i = 1; i < ids.size(); ++i) {
    const std::string_view one = ids[i - 1];
    const std::string_view next = ids[i];
    if (one == next) continue;
    const auto parted = std::mismatch(one.begin(), one.end(), next.begin(), next.end());
    digits = std::max(digits, static_cast<std::size_t>(parted.first - one.begin()) + 1);
  }
  return digits;
}

}  // namespace countersign::auth::records
