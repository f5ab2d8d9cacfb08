#include "tests/endurance/account_beliefs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

namespace countersign::test {
namespace {

// The defaults of the server (docs/protocol/http.md), and how far its clock may be from what is noted here.
constexpr std::chrono::hours kIdleLimit{12};
constexpr std::chrono::hours kAbsoluteLimit{24};
constexpr Seconds kReplacedGrace{60};
constexpr Seconds kSlack{3};

constexpr std::array<std::string_view, kDeeds> kDeedNames = {
    "add", "set password", "challenge",       "login",  "password login", "check",          "refresh",
    "end", "end all",      "change password", "rotate", "revoke",         "command revoke", "command restore"};

}  // namespace

std::string_view name_of(Deed deed) {
  return kDeedNames[static_cast<std::size_t>(deed)];
}

std::string_view name_of(Answer answer) {
  switch (answer) {
    case Answer::accepted:
      return "accepted";
    case Answer::refused:
      return "refused";
    case Answer::none:
      break;
  }
  return "unanswered";
}

std::string describe(const AccountCall& call) {
  std::string text(name_of(call.deed));
  const auto add = [&](std::string_view name, int number) {
    if (number >= 0) text += fmt::format(" {}={}", name, number);
  };
  add("key", call.key);
  add("password", call.password);
  add("next_password", call.next_password);
  add("session", call.session);
  add("next_session", call.next_session);
  add("response", call.response);
  return text;
}

AccountBeliefs::Allowed AccountBeliefs::allowed_response(const Belief& belief, const AccountCall& call) {
  const bool good = belief.standing == Standing::active && belief.unspent.contains(call.response);
  return {good, !good || !call.fresh};
}

AccountBeliefs::Allowed AccountBeliefs::allowed_session(const Belief& belief, int session, const When& when) const {
  const auto token = belief.tokens.find(session);
  if (token == belief.tokens.end() || token->second != Token::live) return {false, true};
  const Life& life = lives_.at(session);
  const bool over = when.from >= life.idle_to + kSlack || when.from >= life.opened.to + kAbsoluteLimit + kSlack;
  if (over) return {false, true};
  const bool within = when.to + kSlack < life.idle_from && when.to + kSlack < life.opened.from + kAbsoluteLimit;
  // One that was opened under another clock, whose limits may lie ahead of this one.
  return {true, life.swept || !within || !life.opened.steady || when.from + kSlack < life.opened.from};
}

AccountBeliefs::Allowed AccountBeliefs::allowed(const Belief& belief, const AccountCall& call, const When& when) const {
  const bool active = belief.standing == Standing::active;
  const auto only = [](bool accepted) { return Allowed{accepted, !accepted}; };
  switch (call.deed) {
    case Deed::add:
      return only(belief.standing == Standing::absent);
    case Deed::set_password:
    case Deed::command_revoke:
      return only(active);
    case Deed::command_restore:
      return only(belief.standing == Standing::revoked);
    case Deed::challenge:
      return only(active && (call.key < 0 || call.key == belief.key));
    case Deed::login:
    case Deed::rotate:
    case Deed::revoke:
      return allowed_response(belief, call);
    case Deed::password_login:
    case Deed::change_password:
      return only(active && call.password == belief.password);
    case Deed::check:
    case Deed::end:
    case Deed::end_all:
      return allowed_session(belief, call.session, when);
    case Deed::refresh: {
      const auto token = belief.tokens.find(call.session);
      if (token == belief.tokens.end() || token->second != Token::replaced) {
        return allowed_session(belief, call.session, when);
      }
      // Its answer was lost: within the grace it brings another new token.
      return {when.from <= lives_.at(call.session).replaced_to + kReplacedGrace + kSlack, true};
    }
  }
  return {};
}

void AccountBeliefs::perform(Belief& belief, const AccountCall& call) {
  const auto take_rights = [&] {
    belief.tokens.clear();
    belief.unspent.clear();
  };
  switch (call.deed) {
    case Deed::add:
      belief.standing = Standing::active;
      belief.key = call.key;
      break;
    case Deed::set_password:
      belief.password = call.password;
      take_rights();
      break;
    case Deed::challenge:
      belief.unspent.insert(call.response);
      break;
    case Deed::login:
      belief.unspent.erase(call.response);
      belief.tokens[call.session] = Token::live;
      break;
    case Deed::password_login:
      belief.tokens[call.session] = Token::live;
      break;
    case Deed::check:
      break;
    case Deed::refresh:
      belief.tokens[call.session] = Token::replaced;
      belief.tokens[call.next_session] = Token::live;
      break;
    case Deed::end:
      belief.tokens.erase(call.session);
      break;
    case Deed::end_all:
      take_rights();
      break;
    case Deed::change_password:
      belief.password = call.next_password;
      take_rights();
      break;
    case Deed::rotate:
      belief.key = call.key;
      take_rights();
      break;
    case Deed::revoke:
    case Deed::command_revoke:
      belief.standing = Standing::revoked;
      take_rights();
      break;
    case Deed::command_restore:
      belief.standing = Standing::active;
      take_rights();
      break;
  }
}

// Kept for all beliefs alike, and so as wide as any of them needs.
void AccountBeliefs::note_times(const AccountCall& call, const When& when) {
  if (call.deed == Deed::login || call.deed == Deed::password_login) {
    lives_[call.session] = {when, when.from + kIdleLimit, when.to + kIdleLimit, Instant{}, false};
    return;
  }
  if (call.deed != Deed::check && call.deed != Deed::refresh) return;
  const auto life = lives_.find(call.session);
  if (life == lives_.end()) return;
  life->second.idle_to = std::max(life->second.idle_to, when.to + kIdleLimit);
  if (call.deed != Deed::refresh) return;
  lives_[call.next_session] = life->second;
  life->second.replaced_to = when.to;
}

void AccountBeliefs::keep_distinct(std::vector<Belief> beliefs) {
  beliefs_.clear();
  for (Belief& belief : beliefs) {
    if (std::find(beliefs_.begin(), beliefs_.end(), belief) == beliefs_.end()) beliefs_.push_back(std::move(belief));
  }
}

std::string AccountBeliefs::take(const AccountCall& call, Answer answer, const When& when) {
  std::vector<Belief> kept;
  for (const Belief& belief : beliefs_) {
    const Allowed answers = allowed(belief, call, when);
    if (answer == Answer::none || (answer == Answer::refused && answers.refused)) kept.push_back(belief);
    if (!answers.accepted || answer == Answer::refused) continue;
    kept.push_back(belief);
    perform(kept.back(), call);
    // A token that no answer brought is nobody's.
    if (answer != Answer::none) continue;
    if (call.deed == Deed::login || call.deed == Deed::password_login) kept.back().tokens.erase(call.session);
    if (call.deed == Deed::refresh) kept.back().tokens.erase(call.next_session);
    // Nobody saw the challenge.
    if (call.deed == Deed::challenge) kept.back().unspent.erase(call.response);
  }
  if (kept.empty()) return fmt::format("{} was {}; {}", describe(call), name_of(answer), text());
  if (answer != Answer::refused) note_times(call, when);
  keep_distinct(std::move(kept));
  return {};
}

std::string AccountBeliefs::take_listed(std::string_view standing) {
  const auto said = standing == "active"    ? Standing::active
                    : standing == "revoked" ? Standing::revoked
                                            : Standing::absent;
  std::vector<Belief> kept = beliefs_;
  std::erase_if(kept, [&](const Belief& belief) { return belief.standing != said; });
  if (kept.empty()) return fmt::format("listed as {}; {}", standing, text());
  beliefs_ = std::move(kept);
  return {};
}

void AccountBeliefs::take_set_back(Instant time) {
  for (auto& [session, life] : lives_) life.swept = life.swept || life.opened.to + kSlack > time;
}

void AccountBeliefs::forget_session(int session) {
  for (Belief& belief : beliefs_) belief.tokens.erase(session);
  lives_.erase(session);
  keep_distinct(std::move(beliefs_));
}

void AccountBeliefs::forget_response(int response) {
  for (Belief& belief : beliefs_) belief.unspent.erase(response);
  keep_distinct(std::move(beliefs_));
}

std::vector<int> AccountBeliefs::keys() const {
  std::set<int, std::greater<>> found;
  for (const Belief& belief : beliefs_) {
    if (belief.key >= 0) found.insert(belief.key);
  }
  return {found.begin(), found.end()};
}

std::vector<int> AccountBeliefs::passwords() const {
  std::set<int, std::greater<>> found;
  for (const Belief& belief : beliefs_) {
    if (belief.password >= 0) found.insert(belief.password);
  }
  return {found.begin(), found.end()};
}

std::set<int> AccountBeliefs::live_sessions() const {
  std::set<int> found;
  for (const Belief& belief : beliefs_) {
    for (const auto& [session, token] : belief.tokens) {
      if (token == Token::live) found.insert(session);
    }
  }
  return found;
}

bool AccountBeliefs::may_be_active() const {
  return std::any_of(beliefs_.begin(), beliefs_.end(), [](const Belief& b) { return b.standing == Standing::active; });
}

bool AccountBeliefs::may_be_revoked() const {
  return std::any_of(beliefs_.begin(), beliefs_.end(), [](const Belief& b) { return b.standing == Standing::revoked; });
}

bool AccountBeliefs::must_be_absent() const {
  return std::all_of(beliefs_.begin(), beliefs_.end(), [](const Belief& b) { return b.standing == Standing::absent; });
}

std::string AccountBeliefs::text_of(const Belief& belief) {
  std::string text = fmt::format("{} key {} password {} sessions",
                                 belief.standing == Standing::absent   ? "absent"
                                 : belief.standing == Standing::active ? "active"
                                                                       : "revoked",
                                 belief.key, belief.password);
  for (const auto& [session, token] : belief.tokens) {
    text += fmt::format(" {}{}", session, token == Token::live ? "" : " (replaced)");
  }
  text += " unspent";
  for (const int response : belief.unspent) text += fmt::format(" {}", response);
  return text;
}

std::string AccountBeliefs::text() const {
  std::string text = "believed:";
  for (const Belief& belief : beliefs_) text += "\n  " + text_of(belief);
  return text;
}

}  // namespace countersign::test
