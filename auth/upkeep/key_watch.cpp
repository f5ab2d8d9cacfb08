#include "auth/upkeep/key_watch.hpp"

#include "auth/base/log.hpp"
#include "auth/upkeep/ageing.hpp"

namespace countersign::auth::upkeep {
namespace {
constexpr std::chrono::hours kLoggedEvery{24};
}

Status KeyWatch::judge(Instant now) const {
  return judge_server_key(facts_, now);
}

std::vector<std::string> KeyWatch::warnings(Instant now) const {
  std::vector<std::string> lines;
  for (const KeyEnd& end : keys_ending(facts_, now + kKeyEndWarnedBefore)) lines.push_back(describe(end, now));
  return lines;
}

void KeyWatch::log_if_due(Instant now, std::chrono::milliseconds monotonic) {
  const auto ends = keys_ending(facts_, now + kKeyEndWarnedBefore);
  std::vector<std::pair<Fingerprint, bool>> state;
  for (const KeyEnd& end : ends) state.emplace_back(end.key, now >= end.at);
  if (state == logged_ && (state.empty() || monotonic - logged_at_ < kLoggedEvery)) return;
  logged_ = std::move(state);
  logged_at_ = monotonic;
  const bool signs = judge(now).has_value();
  for (const KeyEnd& end : ends) {
    log_event(signs ? LogLevel::warning : LogLevel::alarm, "server key ends",
              {{"key", end.key.upper()}, {"at", format_time(end.at)}, {"detail", describe(end, now)}});
  }
}

}  // namespace countersign::auth::upkeep
