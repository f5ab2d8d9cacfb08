#include "tests/support/flawed_medium.hpp"

#include <algorithm>

namespace countersign::test {
namespace {

using storage::Batch;

bool is_account(std::string_view name) {
  return name.starts_with("users/") && name.ends_with(".account");
}
bool is_absence(const Batch::Precondition& precondition) {
  return std::holds_alternative<Batch::Absent>(precondition);
}

// What a batch of ours is for, by what it does.
struct Shape {
  explicit Shape(const Batch& batch) {
    for (const auto& [name, bytes] : batch.changes()) {
      changes_account = changes_account || is_account(name);
      erases_legacy_hash = erases_legacy_hash || (name.ends_with(".lthn") && !bytes);
    }
    for (const auto& [name, precondition] : batch.preconditions()) {
      if (!is_absence(precondition)) continue;
      opens_session = opens_session || name.starts_with("sessions/");
      redeems = redeems || name.starts_with("consumed/");
      registers = registers || is_account(name);
    }
  }
  bool changes_account = false;
  bool erases_legacy_hash = false;
  bool opens_session = false;
  bool redeems = false;
  bool registers = false;
};

bool is_dropped(Flaw flaw, const Shape& shape, const std::string& name, const Batch::Precondition& precondition) {
  const bool account_version = is_account(name) && !is_absence(precondition);
  switch (flaw) {
    case Flaw::none:
    case Flaw::s45:
    case Flaw::lagging_mark:
      return false;
    case Flaw::s03:
      return account_version && shape.opens_session && shape.redeems;
    case Flaw::s15:
      return account_version && shape.opens_session && shape.erases_legacy_hash;
    case Flaw::s26:
      return shape.registers && is_absence(precondition) && (is_account(name) || name.starts_with("keys/"));
    case Flaw::s35:
      return account_version && shape.opens_session && !shape.redeems && !shape.changes_account;
    case Flaw::s42:
      return shape.opens_session && name.starts_with("sessions") && !is_absence(precondition);
    case Flaw::s52:
      return account_version && shape.changes_account && !shape.opens_session;
  }
  return false;
}

// The last record that this thread read: an admission reads the session, then its account.
thread_local std::string last_read;

}  // namespace

void FlawedMedium::forget() {
  const std::lock_guard lock(mutex_);
  first_seen_.clear();
  mark_.reset();
}

Result<storage::Entry> FlawedMedium::read(std::string_view name) {
  auto entry = inner_.read(name);
  if (flaw_ != Flaw::s45) return entry;
  const bool admits = is_account(name) && last_read.starts_with("sessions/");
  last_read = name;
  if (!entry || !is_account(name)) return entry;
  const std::lock_guard lock(mutex_);
  const auto first = first_seen_.emplace(name, *entry).first;
  if (admits) return first->second;
  return entry;
}

Status FlawedMedium::commit(const Batch& batch) {
  const Shape shape(batch);
  Batch loose;
  for (const auto& [name, bytes] : batch.changes()) {
    if (bytes) {
      loose.put(name, *bytes);
    } else {
      loose.erase(name);
    }
  }
  for (const auto& [name, precondition] : batch.preconditions()) {
    if (is_dropped(flaw_, shape, name, precondition)) continue;
    if (is_absence(precondition)) {
      loose.require_absent(name);
    } else {
      loose.require_version(name, std::get<storage::Version>(precondition));
    }
  }
  Status done = inner_.commit(loose);
  const std::lock_guard lock(mutex_);
  mark_.reset();
  return done;
}

Result<storage::Mark> FlawedMedium::mark() {
  if (flaw_ != Flaw::lagging_mark) return inner_.mark();
  const std::lock_guard lock(mutex_);
  if (!mark_) mark_ = TRY(inner_.mark());
  return *mark_;
}

}  // namespace countersign::test
