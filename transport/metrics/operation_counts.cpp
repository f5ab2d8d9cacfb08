#include "transport/metrics/operation_counts.hpp"

#include <algorithm>

#include "storage/base/enum_names.hpp"

namespace countersign::transport::metrics {
namespace {

constexpr EnumNames<LoginKind::key, LoginKind::page> kLoginKindNames("key", "password", "page");

#define X(name, face) +1
constexpr std::size_t kErrorCodes = COUNTERSIGN_ERROR_CODES(X);
#undef X

void add(OperationCounts::Count& to, std::uint64_t count) {
  to.fetch_add(count, std::memory_order_relaxed);
}

std::size_t bucket_of(std::chrono::nanoseconds took) {
  const auto bound = std::find_if(kDurationBounds.begin(), kDurationBounds.end(),
                                  [&](std::chrono::microseconds most) { return took <= most; });
  return static_cast<std::size_t>(bound - kDurationBounds.begin());
}

}  // namespace

std::string_view name_of(LoginKind kind) {
  return kLoginKindNames.of(kind);
}

std::optional<LoginKind> login_kind(const Message& message) {
  if (message.operation == "attempt.answer" || message.operation == "attempt.enter") return LoginKind::page;
  if (message.operation != "session.open") return std::nullopt;
  return message.text.empty() && message.fields.find("password") != nullptr ? LoginKind::password : LoginKind::key;
}

std::string_view outcome_name(std::size_t outcome) {
  return outcome == 0 ? "ok" : countersign::name_of(kRefusingFaces.at(outcome - 1));
}

std::size_t outcome_of(const std::optional<ErrorCode>& failure) {
  if (!failure) return 0;
  const auto face = std::find(kRefusingFaces.begin(), kRefusingFaces.end(), public_face_of(*failure));
  return 1 + static_cast<std::size_t>(face - kRefusingFaces.begin());
}

OperationCounts::OperationCounts() : operations_(operation_table().size()), refusals_(kErrorCodes) {}

void OperationCounts::count(const Message& message, const std::optional<ErrorCode>& failure,
                            std::chrono::nanoseconds took) noexcept {
  const std::size_t outcome = outcome_of(failure);
  if (failure) add(refusals_[static_cast<std::size_t>(*failure)], 1);
  if (const auto kind = login_kind(message)) add(logins_[static_cast<std::size_t>(*kind)].outcomes[outcome], 1);
  const Operation* row = find_operation(message.operation);
  if (row == nullptr) return;
  OfOperation& operation = operations_[static_cast<std::size_t>(row - operation_table().data())];
  add(operation.outcomes[outcome], 1);
  add(operation.durations[bucket_of(took)], 1);
  add(operation.nanoseconds, static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)));
}

Result<Json> CountedOperations::run(const Message& message) {
  const auto began = std::chrono::steady_clock::now();
  auto answer = counted_.run(message);
  const auto took = std::chrono::steady_clock::now() - began;
  counts_.count(message, answer ? std::nullopt : std::optional(answer.error().code), took);
  return answer;
}

}  // namespace countersign::transport::metrics
