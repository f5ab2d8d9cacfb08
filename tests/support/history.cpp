#include "tests/support/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/records/audit_record.hpp"

namespace countersign::test {
namespace {

// The call that this thread is about.
thread_local Event* current = nullptr;

// Of every audit record in the batch, in the order of the chain: who asked for it.
std::vector<std::string> sources_in(const storage::Batch& batch) {
  std::vector<std::string> sources;
  for (const auto& [name, bytes] : batch.changes()) {
    if (!name.starts_with("audit/") || !bytes) continue;
    sources.push_back(auth::records::parse_audit_record(name, *bytes).value().entry.source);
  }
  return sources;
}

bool is_ok(const Event& event) {
  return event.call.answer.starts_with("ok");
}

// One history: the model after each commit, and who made it.
class Judge {
 public:
  Judge(const Model& before, std::vector<Event> events) : states_{before}, events_(std::move(events)) {}

  Verdict run() {
    for (const Event& event : events_) {
      for (const std::size_t commit : event.commits) committed_[commit] = &event;
    }
    // After the first that does not follow, the model says nothing about the rest.
    for (const auto& [commit, event] : committed_) {
      if (!take(*event)) return std::move(verdict_);
    }
    for (const Event& event : events_) {
      if (event.commits.empty()) judge_idle(event);
    }
    verdict_.after = states_.back();
    return std::move(verdict_);
  }

 private:
  void fault(const Event& event, const std::string& what) {
    verdict_.faults.push_back(to_text(event.call) + ", " + what);
  }

  bool take(const Event& event) {
    if (event.commits.size() > 1) fault(event, "more than one commit");
    if (!is_ok(event)) fault(event, "refused, and yet committed");
    Model next = states_.back();
    const std::string expected = replay(next, event);
    if (expected == event.call.answer) {
      order_.push_back(&event);
    } else if (auto earlier = comes_earlier(event)) {
      next = *std::move(earlier);
    } else {
      fault(event, fmt::format("and the model, at commit {}: {}", states_.size(), expected));
    }
    states_.push_back(std::move(next));
    return verdict_.faults.empty();
  }

  std::string replay(Model& model, const Event& event) const {
    Call call = event.call;
    if (call.deed == Deed::end && is_refreshed_during(event)) call.token = newest_token_of(model, call.token);
    return model.step(call);
  }

  // What comes of it before some that were committed while it ran, if all of their answers stay what they are.
  std::optional<Model> comes_earlier(const Event& event) {
    if (event.call.deed != Deed::refresh && event.call.deed != Deed::end) return std::nullopt;
    for (auto at = order_.size(); at-- > 0 && order_[at]->commits.front() > event.begun;) {
      auto order = order_;
      order.insert(order.begin() + static_cast<std::ptrdiff_t>(at), &event);
      Model model = states_.front();
      const bool follows = std::all_of(order.begin(), order.end(),
                                       [&](const Event* one) { return replay(model, *one) == one->call.answer; });
      if (!follows) continue;
      order_ = std::move(order);
      return model;
    }
    return std::nullopt;
  }

  // One that committed nothing.
  void judge_idle(const Event& event) {
    if (event.call.answer == "unavailable") {
      ++verdict_.unavailable;
      return;
    }
    if (event.call.deed == Deed::refresh && event.call.answer == "denied" && is_refreshed_during(event)) return;
    std::string expected;
    for (std::size_t commit = event.begun; commit <= event.ended; ++commit) {
      Model after = states_.at(commit);
      expected = after.step(event.call);
      if (expected == event.call.answer && after == states_[commit]) return;
    }
    fault(event, fmt::format("and the model, between commits {} and {}: {}", event.begun, event.ended, expected));
  }

  // Another's refresh of its session, committed while it ran.
  bool is_refreshed_during(const Event& event) const {
    const int session = session_of(event.call.token);
    for (std::size_t commit = event.begun + 1; commit <= event.ended; ++commit) {
      const auto found = committed_.find(commit);
      if (found == committed_.end() || found->second == &event || found->second->call.deed != Deed::refresh) continue;
      if (session != kNone && session_of(found->second->call.token) == session) return true;
    }
    return false;
  }
  int session_of(int token) const {
    for (const Model& state : states_) {
      if (const auto found = state.tokens.find(token); found != state.tokens.end()) return found->second;
    }
    return kNone;
  }
  int newest_token_of(const Model& model, int token) const {
    const auto found = model.sessions.find(session_of(token));
    return found == model.sessions.end() ? token : found->second.token;
  }

  std::vector<Model> states_;        // after each commit; the first is before any
  std::vector<const Event*> order_;  // of what committed
  const std::vector<Event> events_;
  std::map<std::size_t, const Event*> committed_;
  Verdict verdict_;
};

}  // namespace

std::string source_of_call() {
  return current == nullptr ? "" : fmt::format("call {}", static_cast<const void*>(current));
}

std::size_t Recorder::commits() {
  const std::lock_guard lock(mutex_);
  return commits_;
}

void Recorder::record(Call call, const std::function<void(Call&)>& act) {
  Event event;
  event.call = std::move(call);
  event.begun = commits();
  Event* const outer = std::exchange(current, &event);
  const std::string source = source_of_call();
  {
    const std::lock_guard lock(mutex_);
    running_[source] = &event;
  }
  act(event.call);
  current = outer;
  const std::lock_guard lock(mutex_);
  running_.erase(source);
  event.ended = commits_;
  events_.push_back(std::move(event));
}

std::vector<Event> Recorder::take() {
  const std::lock_guard lock(mutex_);
  commits_ = 0;
  return std::exchange(events_, {});
}

Status Recorder::commit(const storage::Batch& batch) {
  const std::lock_guard lock(mutex_);
  Status done = inner_.commit(batch);
  if (!done) return done;
  const auto sources = sources_in(batch);
  if (sources.empty() && current != nullptr) note_commit(*current);
  for (const std::string& source : sources) {
    const auto found = running_.find(source);
    if (found != running_.end()) note_commit(*found->second);
  }
  return done;
}

Verdict judge_history(const Model& before, std::vector<Event> events) {
  return Judge(before, std::move(events)).run();
}

std::string to_text(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events) {
    text += fmt::format("[{},{}] {}", event.begun, event.ended, to_text(event.call));
    for (const std::size_t commit : event.commits) text += fmt::format(" = commit {}", commit);
    text += '\n';
  }
  return text;
}

}  // namespace countersign::test
