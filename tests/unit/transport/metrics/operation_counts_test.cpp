#include "transport/metrics/operation_counts.hpp"

#include <catch2/catch.hpp>

#include <numeric>
#include <thread>

#include "tests/support/fake_operations.hpp"
#include "transport/metrics/refusal_counts.hpp"

using namespace countersign;
using namespace countersign::test;
using namespace countersign::transport;
using namespace countersign::transport::metrics;
using std::chrono::microseconds;

namespace {

Message message_of(std::string_view operation) {
  Message message;
  message.operation = operation;
  return message;
}

const OperationCounts::OfOperation& counts_of(const OperationCounts& counts, std::string_view operation) {
  return counts.of_operation(static_cast<std::size_t>(find_operation(operation) - operation_table().data()));
}

std::uint64_t sum(const auto& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Message login_by_password() {
  Message message = message_of("session.open");
  message.fields.set("username", "alice").set("password", "secret");
  return message;
}

Message login_by_key() {
  Message message = message_of("session.open");
  message.text = "-----BEGIN PGP SIGNED MESSAGE-----";
  return message;
}

}  // namespace

TEST_CASE("an operation is counted by how it came out, as its peer is told") {
  OperationCounts counts;
  const Message message = message_of("session.show");
  counts.count(message, std::nullopt, microseconds(1));
  counts.count(message, ErrorCode::session_expired, microseconds(1));
  counts.count(message, ErrorCode::record_tampered, microseconds(1));  // denied, to a stranger
  counts.count(message, ErrorCode::storage_unavailable, microseconds(1));
  const auto& outcomes = counts_of(counts, "session.show").outcomes;
  CHECK(outcomes[0] == 1);
  CHECK(outcomes[outcome_of(ErrorCode::session_expired)] == 2);
  CHECK(outcomes[outcome_of(ErrorCode::storage_unavailable)] == 1);
  CHECK(sum(outcomes) == 4);
  CHECK(counts.refused(ErrorCode::session_expired) == 1);
  CHECK(counts.refused(ErrorCode::record_tampered) == 1);
  CHECK(counts.refused(ErrorCode::failed) == 0);
  CHECK(sum(counts_of(counts, "session.open").outcomes) == 0);
}

TEST_CASE("every code of an error has an outcome of its public face and a count") {
  OperationCounts counts;
#define X(code, face)                                                                           \
  CHECK(outcome_name(outcome_of(ErrorCode::code)) == name_of(public_face_of(ErrorCode::code))); \
  counts.count(message_of("session.show"), ErrorCode::code, microseconds(1));                   \
  CHECK(counts.refused(ErrorCode::code) == 1);
  COUNTERSIGN_ERROR_CODES(X)
#undef X
  CHECK(outcome_name(outcome_of(std::nullopt)) == "ok");
}

TEST_CASE("what takes as long as a bound is below it") {
  OperationCounts counts;
  const Message message = message_of("session.show");
  counts.count(message, std::nullopt, kDurationBounds.front());
  counts.count(message, std::nullopt, kDurationBounds.front() + std::chrono::nanoseconds(1));
  counts.count(message, std::nullopt, kDurationBounds.back());
  counts.count(message, std::nullopt, std::chrono::hours(1));
  counts.count(message, std::nullopt, std::chrono::nanoseconds(-1));
  const auto& durations = counts_of(counts, "session.show").durations;
  CHECK(durations[0] == 2);
  CHECK(durations[1] == 1);
  CHECK(durations[kDurationBounds.size() - 1] == 1);
  CHECK(durations[kDurationBounds.size()] == 1);
  CHECK(std::is_sorted(kDurationBounds.begin(), kDurationBounds.end()));
}

TEST_CASE("a login is counted by what proves it") {
  CHECK(login_kind(login_by_key()) == LoginKind::key);
  CHECK(login_kind(login_by_password()) == LoginKind::password);
  CHECK(login_kind(message_of("attempt.answer")) == LoginKind::page);
  CHECK(login_kind(message_of("attempt.enter")) == LoginKind::page);
  CHECK_FALSE(login_kind(message_of("attempt.begin")));
  CHECK_FALSE(login_kind(message_of("session.show")));
  Message detached = message_of("session.open");
  detached.fields.set("challenge", "c").set("signature", "s");
  CHECK(login_kind(detached) == LoginKind::key);

  OperationCounts counts;
  counts.count(login_by_password(), std::nullopt, microseconds(1));
  counts.count(login_by_key(), ErrorCode::challenge_expired, microseconds(1));
  CHECK(counts.of_login(LoginKind::password).outcomes[0] == 1);
  CHECK(counts.of_login(LoginKind::key).outcomes[outcome_of(ErrorCode::challenge_expired)] == 1);
  CHECK(sum(counts.of_login(LoginKind::page).outcomes) == 0);
}

TEST_CASE("an operation that there is not counts as a refusal alone") {
  OperationCounts counts;
  counts.count(message_of("no.such"), ErrorCode::unknown_operation, microseconds(1));
  CHECK(counts.refused(ErrorCode::unknown_operation) == 1);
}

TEST_CASE("counted operations answer as those that they count, and every one is counted") {
  FakeOperations operations;
  operations.answer = [](const Message& message) -> Result<Json> {
    if (message.source == "refused") return fail(ErrorCode::account_unknown, "nobody");
    return Json("done");
  };
  OperationCounts counts;
  CountedOperations counted(operations, counts);
  constexpr int kEach = 1000;
  const auto ask = [&](const char* source) {
    Message message = message_of("session.show");
    message.source = source;
    for (int i = 0; i < kEach; ++i) static_cast<void>(counted.run(message));
  };
  std::thread first(ask, "refused");
  std::thread second(ask, "taken");
  first.join();
  second.join();
  const auto& of = counts_of(counts, "session.show");
  CHECK(of.outcomes[0] == kEach);
  CHECK(of.outcomes[outcome_of(ErrorCode::account_unknown)] == kEach);
  CHECK(sum(of.durations) == 2 * kEach);
  CHECK(of.nanoseconds > 0);
  Message message = message_of("session.show");
  CHECK(counted.run(message) == Json("done"));
  message.source = "refused";
  CHECK(counted.run(message).error().detail == "nobody");
}

TEST_CASE("reasons of refusals without number take no memory without bound and are counted together") {
  RefusalCounts counts;
  counts.count("path");
  counts.count("path");
  for (int i = 0; i < 1000; ++i) counts.count("made up " + std::to_string(i));
  const auto all = counts.by_reason();
  CHECK(all.at("path") == 2);
  CHECK(all.size() == RefusalCounts::kReasonsMax + 1);
  CHECK(all.at("other") == 1000 - (RefusalCounts::kReasonsMax - 1));
}
