#include "auth/upkeep/ageing.hpp"

#include <algorithm>

#include "auth/openpgp/policy.hpp"

namespace countersign::auth::upkeep {
namespace {

constexpr std::string_view kMend = "countersign server-key extend --for 2y";

void note_end(std::vector<KeyEnd>& ends, const openpgp::KeyFacts& key, bool primary, Instant by) {
  if (key.bound && !key.revoked && key.expires_at && *key.expires_at < by) {
    ends.push_back({key.fingerprint, primary, *key.expires_at});
  }
}

}  // namespace

std::vector<KeyEnd> keys_ending(const openpgp::CertificateFacts& facts, Instant by) {
  std::vector<KeyEnd> ends;
  note_end(ends, facts.primary, true, by);
  for (const openpgp::KeyFacts& subkey : facts.subkeys) note_end(ends, subkey, false, by);
  std::stable_sort(ends.begin(), ends.end(), [](const KeyEnd& a, const KeyEnd& b) { return a.at < b.at; });
  return ends;
}

std::string describe(const KeyEnd& end, Instant now) {
  std::string text = end.primary ? "the server's key " : "the subkey ";
  text += end.key.upper() + (end.primary ? "" : " of the server's key");
  if (now >= end.at) {
    text += " expired on " + format_time(end.at);
  } else {
    const auto days = std::chrono::floor<std::chrono::days>(end.at - now).count();
    text += " expires on " + format_time(end.at) + ", in " +
            (days == 0   ? "less than a day"
             : days == 1 ? "1 day"
                         : std::to_string(days) + " days");
  }
  return text + "; run: " + std::string(kMend);
}

std::string describe_made_ahead(Instant made, Instant now) {
  return "was made at " + format_time(made) + ", after what this machine's clock says (" + format_time(now) +
         "): set the clock";
}

Status judge_server_key(const openpgp::CertificateFacts& facts, Instant now) {
  std::vector<openpgp::KeyFacts> keys = facts.subkeys;
  keys.push_back(facts.primary);
  bool expired = false;
  for (const openpgp::KeyFacts& key : keys) {
    const auto judged = openpgp::judge_signing_key(facts, key.fingerprint, now);
    if (judged) return ok();
    expired = expired || judged.error().code == ErrorCode::key_expired;
  }
  if (!expired) return ok();
  const auto ends = keys_ending(facts, now + Seconds(1));
  const auto primary = std::find_if(ends.begin(), ends.end(), [](const KeyEnd& end) { return end.primary; });
  return fail(ErrorCode::key_expired, describe(primary == ends.end() ? ends.front() : *primary, now));
}

}  // namespace countersign::auth::upkeep
