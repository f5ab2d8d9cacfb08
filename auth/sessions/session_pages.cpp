#include "auth/sessions/session_pages.hpp"

#include "auth/base/account_id.hpp"
#include "auth/records/damage.hpp"

namespace countersign::auth::sessions {
namespace {

constexpr std::string_view kPointers = "sessions-of/";

struct Place {
  std::string account;
  std::string session;
};

std::optional<Place> place_of(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  Place place{text.substr(0, slash), text.substr(slash + 1)};
  if (!check_account_id(place.account) || !records::check_session_id(place.session)) return std::nullopt;
  return place;
}

}  // namespace

Result<SessionPage> read_sessions(storage::Medium& medium, Sessions& sessions, const std::string& account,
                                  const std::string& after, std::size_t limit) {
  if (!account.empty()) TRY(check_account_id(account));
  if (!after.empty() && !place_of(after)) {
    return fail(ErrorCode::malformed_message, "'after' is ACCOUNT/SESSION, both ids whole, as the page before says it");
  }
  SessionPage page;
  std::string last;
  const std::string prefix = account.empty() ? std::string(kPointers) : records::pointer_name(account, "");
  const std::string begin = after.empty() ? std::string() : std::string(kPointers) + after;
  TRY(storage::visit_names(medium, prefix, begin, [&](const std::string& name) -> Result<bool> {
    const auto place = place_of(name.substr(kPointers.size()));
    if (!place) return true;
    auto session = sessions.show(place->account, place->session);
    if (!session && session.error().code == ErrorCode::not_found) return true;
    if (!session && !records::is_damage(session.error().code)) return tl::unexpected<Error>(session.error());
    if (page.sessions.size() + page.damaged.size() == limit) {
      page.next = last;
      return false;
    }
    last = place->account + "/" + place->session;
    if (session) {
      page.sessions.push_back(*std::move(session));
    } else {
      page.damaged.push_back({place->account, place->session, std::move(session).error()});
    }
    return true;
  }));
  return page;
}

}  // namespace countersign::auth::sessions
