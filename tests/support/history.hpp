// What many calls at once came to, held against the model (account_model.hpp).
//
// An operation that changes something is one batch, so the order of the commits is the order in which things happened.
// Calls of one server may share a commit; the audit records in it say whose it is, by the source of the visit, and in
// which order. The recorder notes which call made which commit; the judge does the calls that committed in that order
// on the model, and holds each answer against the model's. A call that committed nothing must have changed nothing, and
// have answered what the model says at some moment between its beginning and its end. So there is nothing to search
// for, and what is shown is more than that some order exists: it is the order of the commits.
//
//   Recorder recorder(store);                    // a medium; every server works over it
//   recorder.record(call, [&](Call& c) {...});   // from any thread, each visit with source_of_call()
//   CHECK(judge_history(before, recorder.take()).faults == Faults());
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "storage/medium.hpp"
#include "tests/support/account_model.hpp"

namespace countersign::test {

using Faults = std::vector<std::string>;

// Where the call comes from that this thread is about, told from every other call; empty where it is about none.
std::string source_of_call();

struct Event {
  Call call;
  std::size_t begun = 0;  // how many commits there were
  std::size_t ended = 0;
  std::vector<std::size_t> commits;  // its own, counted from 1
};

// Any thread at any time. A call within a call, as another server's in between, is its own.
class Recorder final : public storage::Medium {
 public:
  explicit Recorder(storage::Medium& inner) : inner_(inner) {}

  // Does the call, which notes its answer in it.
  void record(Call call, const std::function<void(Call&)>& act);
  // In the order of their ends; counts anew from here.
  std::vector<Event> take();

  Result<storage::Entry> read(std::string_view name) override { return inner_.read(name); }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    return inner_.list(prefix, after, limit);
  }
  Status commit(const storage::Batch& batch) override;
  Result<storage::Mark> mark() override { return inner_.mark(); }

 private:
  std::size_t commits();
  void note_commit(Event& event) { event.commits.push_back(++commits_); }

  storage::Medium& inner_;
  std::mutex mutex_;  // held over a commit, so that nobody has seen one that is not counted
  std::size_t commits_ = 0;
  std::map<std::string, Event*> running_;  // by their source
  std::vector<Event> events_;
};

struct Verdict {
  Faults faults;
  Model after;
  std::size_t unavailable = 0;  // calls that gave up: three conflicts, one after the other
};
// `before` is the model at the first of them. What is allowed besides: a refresh and an ending judge the account and do
// not require its version, since a session of an earlier epoch opens nothing, so they may have come before whatever was
// committed while they ran. And where a refresh of the same session came between, the refresh that lost is denied (a
// conflict on a session is a denial), and an ending ends it though the token was replaced at that moment.
Verdict judge_history(const Model& before, std::vector<Event> events);

// The calls as they were, for whoever reads a failure.
std::string to_text(const std::vector<Event>& events);

}  // namespace countersign::test
