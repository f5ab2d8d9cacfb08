#include "auth/throttle/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace countersign::auth::throttle {
namespace {

// Half an id tells accounts apart, and keeps the record of a full table below what a medium holds.
constexpr std::size_t kAccountDigits = 32;

Json write_levels(const Throttle& throttle, std::chrono::milliseconds now) {
  Json::Array lines;
  for (const ThrottleLevel& level : throttle.levels(now)) {
    lines.emplace_back(fmt::format("{} {}", level.key, level.left_thousandths));
  }
  return Json(std::move(lines));
}

Result<std::vector<ThrottleLevel>> parse_levels(const Json& json) {
  const auto refuse = [] { return fail(ErrorCode::malformed_message, "levels"); };
  if (json.items() == nullptr) return refuse();
  std::vector<ThrottleLevel> levels;
  for (const Json& line : *json.items()) {
    const std::string* text = line.string();
    const auto blank = text == nullptr ? std::string::npos : text->rfind(' ');
    if (blank == std::string::npos) return refuse();
    ThrottleLevel level{text->substr(0, blank), 0};
    const char* const end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data() + blank + 1, end, level.left_thousandths);
    if (error != std::errc{} || rest != end || level.left_thousandths < 0) return refuse();
    levels.push_back(std::move(level));
  }
  return levels;
}

struct Saved {
  Instant at{};
  std::vector<ThrottleLevel> requests;
  std::vector<ThrottleLevel> password_sources;
  std::vector<ThrottleLevel> password_accounts;
};

Result<Saved> parse_saved(const Json& json) {
  JsonReader reader(json);
  TRY(secrets::check_record_version(reader));
  Saved saved;
  saved.at = TRY(reader.time("saved_at"));
  saved.requests = TRY(parse_levels(reader.take("requests")));
  saved.password_sources = TRY(parse_levels(reader.take("password_sources")));
  saved.password_accounts = TRY(parse_levels(reader.take("password_accounts")));
  TRY(reader.finish());
  return saved;
}

}  // namespace

Limits::Limits(storage::Medium& medium, const secrets::RecordSeal& seal, const std::string& writer,
               const LimitSettings& settings)
    : medium_(medium),
      seal_(seal),
      name_("limits/" + writer),
      requests_(settings.requests),
      password_sources_(settings.password_sources),
      password_accounts_(settings.password_accounts) {}

Status Limits::take_request(const std::string& source, std::chrono::milliseconds now) {
  ++taken_;
  return requests_.take(throttle_key(source), now);
}

Status Limits::take_password(const std::string& source, const std::string& account, std::chrono::milliseconds now) {
  ++taken_;
  // The source first: one that is past its own limit takes nothing from anybody's account.
  TRY(password_sources_.take(throttle_key(source), now));
  return password_accounts_.take(account.substr(0, kAccountDigits), now);
}

Status Limits::load(Instant wall, std::chrono::milliseconds now) {
  const auto entry = TRY(find_record(medium_, seal_, name_));
  if (!entry) return ok();
  const Saved saved = TRY(secrets::understood(name_, parse_saved(entry->record)));
  // A clock that was set back gives nothing back.
  const std::chrono::milliseconds rested = std::max(wall - saved.at, Seconds(0));
  requests_.restore(saved.requests, rested, now);
  password_sources_.restore(saved.password_sources, rested, now);
  password_accounts_.restore(saved.password_accounts, rested, now);
  return ok();
}

bool Limits::stage(storage::Batch& batch, Instant wall, std::chrono::milliseconds now) {
  staged_ = taken_.load();
  if (staged_ == saved_) return false;
  batch.put(name_, seal_.close(name_, Json::object()
                                          .set("version", 1)
                                          .set("saved_at", format_time(wall))
                                          .set("requests", write_levels(requests_, now))
                                          .set("password_sources", write_levels(password_sources_, now))
                                          .set("password_accounts", write_levels(password_accounts_, now))));
  return true;
}

}  // namespace countersign::auth::throttle
